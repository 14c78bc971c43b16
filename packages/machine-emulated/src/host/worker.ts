/**
 * A CPU's worker. Everything it does is in the compiled core (assembly/serve.ts); the script only links it. User code
 * reaches no device from there: whatever is not RAM is a bus fault.
 */
import type { CoreMemory, CoreModule } from '../internal/core.js';

interface Worker {
  on(event: 'error', listener: (error: unknown) => void): void;
  unref(): void;
}

interface WorkerThreads {
  readonly Worker: new (source: string, options: object) => Worker;
}

interface HostProcess {
  getBuiltinModule?(name: string): unknown;
}

const SCRIPT = `'use strict';
const { workerData: { module, memory, base } } = require('node:worker_threads');
const none = () => 0;
const env = { memory, base, sample: none, busHas: none, busLoad: none, busLoadHigh: none, busStore: none };
new WebAssembly.Instance(module, { env }).exports.serve();
`;

/**
 * Starts a worker that serves the CPU whose part of the memory is at `base`; it ends with state Quit, and keeps no process
 * alive. `failed` hears of a worker that broke, when the event loop turns.
 * @throws RangeError where there are no worker threads that may wait
 */
export function startWorker(
  module: CoreModule,
  memory: CoreMemory,
  base: number,
  failed: (error: unknown) => void,
): void {
  const { process } = globalThis as { process?: HostProcess };
  const threads = process?.getBuiltinModule?.('node:worker_threads') as WorkerThreads | undefined;
  if (threads === undefined) throw new RangeError('cpus: expected 1 without node:worker_threads, got more');
  const worker = new threads.Worker(SCRIPT, { eval: true, execArgv: [], workerData: { module, memory, base } });
  worker.on('error', failed);
  worker.unref();
}

/** Starts a CPU's worker. */
import type { ServeInput } from './serve-cpu.js';
import { serveCpu } from './serve-cpu.js';

interface Worker {
  on(event: 'error', listener: (error: unknown) => void): void;
  unref(): void;
}
interface Host {
  readonly pid: number;
  getBuiltinModule(name: 'node:worker_threads'): { readonly Worker: new (source: string, options: object) => Worker };
}

const SCRIPT = `(${serveCpu.toString()})(require('node:worker_threads').workerData, require);`;

/** The worker ends when its state says so, and keeps no process alive. `failed` hears of one that broke. */
export function startWorker(input: Omit<ServeInput, 'process'>, failed: (error: unknown) => void): void {
  const host = (globalThis as unknown as { readonly process: Host }).process;
  const { Worker } = host.getBuiltinModule('node:worker_threads');
  const worker = new Worker(SCRIPT, { eval: true, execArgv: [], workerData: { ...input, process: host.pid } });
  worker.on('error', failed);
  worker.unref();
}

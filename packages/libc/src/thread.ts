/** Threads of this process that run one function, made to sleep in `Atomics.wait` and in system calls. */
import type { Require } from './host.js';
import { hostProcess } from './host.js';

interface Worker {
  on(event: 'error', listener: (error: unknown) => void): void;
  unref(): void;
}
interface Threads {
  readonly Worker: new (source: string, options: object) => Worker;
}

/** What a thread is given beside its input. */
export interface ThreadHost {
  readonly load: Require;
  /** Id of this process. */
  readonly process: number;
}

/**
 * Runs `body` on a thread of its own. It travels as text: it refers to nothing but its arguments, and `input` is cloned.
 * The thread keeps no process alive. `failed` hears of one that broke, when the event loop turns.
 * @throws Error where there is no Node.js
 */
export function startThread<T extends object>(
  body: (input: T, host: ThreadHost) => void,
  input: T,
  failed: (error: unknown) => void,
): void {
  const host = hostProcess();
  if (host === undefined) throw new Error('threads: expected Node.js, got another host');
  const { Worker } = host.getBuiltinModule('node:worker_threads') as Threads;
  const script = `(${body.toString()})(require('node:worker_threads').workerData, { load: require, process: ${host.pid} });`;
  const worker = new Worker(script, { eval: true, execArgv: [], workerData: input });
  worker.on('error', failed);
  worker.unref();
}

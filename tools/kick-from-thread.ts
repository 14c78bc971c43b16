/** For `machineKit` and its proof: a thread of the host that kicks (`MachineKitOptions.kickFromThread`). */
import { Worker } from 'node:worker_threads';
import { kick, type KickHandle } from '@veridian-os/hal';

const SCRIPT = `
  const { handles, delayMs, sign } = require('node:worker_threads').workerData;
  const kick = ${kick.toString()};
  const say = () => { Atomics.add(sign, 0, 1); Atomics.notify(sign, 0); };
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delayMs);
  say();
  for (const handle of handles) kick(handle);
  say();
`;

/** Jest's packages are their TypeScript sources, which a worker cannot import: so `kick` travels as its text. */
export function kickFromThread(
  handles: readonly KickHandle[],
  delayMs: number,
  sign: Int32Array<SharedArrayBuffer>,
): void {
  new Worker(SCRIPT, { eval: true, execArgv: [], workerData: { handles, delayMs, sign } }).unref();
}

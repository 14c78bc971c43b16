/** The emulated machine with several CPUs against the same kit, kicks from another thread included. */
import { Worker } from 'node:worker_threads';
import { describe, it } from '@jest/globals';
import { machineKit } from '@veridian-os/hal/testing';
import type { Machine } from '@veridian-os/hal';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { HART } from '../src/internal/layout.js';

const create = (): Machine => EmulatedMachine.create({ cpus: 2, memoryBytes: 8 * 1024 * 1024, maxContexts: 1500 });

/** What `interrupt` does, done by a thread that has nothing but the shared memory. */
function kickFromThread({ memory }: Machine): void {
  const code = `
    const { workerData } = require('node:worker_threads');
    setTimeout(() => Atomics.store(new Int32Array(workerData.buffer), workerData.at, 1), 20);
  `;
  const workerData = { buffer: memory[0].u8.buffer, at: HART.KICK / 4 };
  new Worker(code, { eval: true, workerData }).unref();
}

machineKit({ describe, it }, create, { name: 'emulated, 2 CPUs', kickFromThread });

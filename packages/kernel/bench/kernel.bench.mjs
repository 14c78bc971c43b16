/**
 * What the kernel itself costs, without machine code:
 *
 * boot              createKernel on a machine that exists: six stages, three services
 * task-call         a system call of a TypeScript task that does not wait: yield, perform, resume
 * kernel-switch     two tasks that wake each other through pipes: two waits, two scheduler decisions per round trip
 * ipc-round-trip    a path request: capability lookup, call, file server, lookup of a name, reply
 * open-close        a path request that returns a file capability, bound to a descriptor and dropped again
 * spawn-wait        a child task: process, thread, capability space, end, status
 */
import { createKernel } from '@veridian-os/kernel';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { suite } from '../../../tools/bench.mjs';

/* eslint-disable require-yield -- a task that makes no call is a task as well */

const CALLS = 1000;
const STAT = {};

/** A kernel whose one program does `work` for each `run()`; the rest of the time it waits for a byte on a pipe. */
function workbench(work) {
  let served = 0;
  const main = function* main(sys) {
    const byte = new Uint8Array(1);
    const prepared = yield* work.setUp(sys);
    for (;;) {
      if ((yield* sys.read(0, byte)) !== 1) return 0;
      yield* work.body(sys, prepared);
      served++;
    }
  };
  const machine = EmulatedMachine.create({ memoryBytes: 16 << 20 });
  const kernel = createKernel({ machine, programs: { main }, verbose: false });
  const input = kernel.openInput();
  const process = kernel.launch({ path: '/bin/main', args: ['main'], files: [input.file] });
  if (typeof process === 'number') throw new Error(`launch: ${process}`);
  let asked = 0;
  return () => {
    input.stream.push(Uint8Array.of(1));
    asked++;
    while (served < asked) kernel.step();
  };
}

const nothing = {
  *setUp() {
    return undefined;
  },
};

const taskCall = workbench({
  ...nothing,
  *body(sys) {
    for (let i = 0; i < CALLS; i++) yield* sys.seek(1, 0, 0);
  },
});

const pathRequest = workbench({
  ...nothing,
  *body(sys) {
    for (let i = 0; i < CALLS; i++) if ((yield* sys.stat('/bin/main', STAT)) < 0) throw new Error('stat failed');
  },
});

const openClose = workbench({
  ...nothing,
  *body(sys) {
    for (let i = 0; i < CALLS; i++) yield* sys.close(yield* sys.open('/bin/main', 0));
  },
});

const spawnWait = workbench({
  ...nothing,
  *body(sys) {
    const task = function* child() {
      return 0;
    };
    for (let i = 0; i < 100; i++) {
      const pid = yield* sys.spawn({ path: 'child', args: ['child'], task });
      yield* sys.wait({ pid });
    }
  },
});

/** Echoes bytes from descriptor 0 to descriptor 1. */
function* echo(sys) {
  const byte = new Uint8Array(1);
  while ((yield* sys.read(0, byte)) === 1) yield* sys.write(1, byte);
  return 0;
}

const pingPong = workbench({
  *setUp(sys) {
    const there = yield* sys.pipe();
    const back = yield* sys.pipe();
    yield* sys.spawn({ path: 'echo', args: ['echo'], task: echo, descriptors: [there[0], back[1]] });
    return { out: there[1], in: back[0] };
  },
  *body(sys, ends) {
    const byte = new Uint8Array(1);
    for (let i = 0; i < CALLS; i++) {
      yield* sys.write(ends.out, byte);
      yield* sys.read(ends.in, byte);
    }
  },
});

const idle = EmulatedMachine.create({ memoryBytes: 16 << 20 });

await suite(async ({ bench }) => {
  await bench({ case: 'boot', ours: () => createKernel({ machine: idle, verbose: false }) });
  await bench({ case: 'task-call', ours: taskCall, opsPerCall: CALLS });
  await bench({ case: 'kernel-switch (pipe round trip of two tasks)', ours: pingPong, opsPerCall: CALLS });
  await bench({ case: 'ipc-round-trip (stat through the file server)', ours: pathRequest, opsPerCall: CALLS });
  await bench({ case: 'open-close', ours: openClose, opsPerCall: CALLS });
  await bench({ case: 'spawn-wait', ours: spawnWait, opsPerCall: 100 });
});

/**
 * Several CPUs: what a second one brings to compute loops, and what it costs to speak with it. Wall
 * time: the least of many short windows, since a ratio means something only while two cores are free.
 */
import { performance } from 'node:perf_hooks';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { Assembler, REG, elfImage } from '@veridian-os/machine-emulated/testing';
import { suite } from '../../../tools/bench.mjs';
import { placeImage } from './hosted.mjs';
import { programs } from './programs.mjs';

const QUICK = process.argv.includes('--quick');
const BASE = 0x100000;
const DATA = 0x200000;
/** Instructions of each program in one window: short, so that a host with other work leaves some undisturbed. */
const WINDOW = 1_000_000;
const SPENT = 0;
const WINDOWS = QUICK ? 5 : 400;

const twoCpus = () => EmulatedMachine.create({ cpus: 2, memoryBytes: 64 * 1024 * 1024, maxContexts: 16 });

/** Least ns per instruction of two copies of a program, one after the other and on two CPUs at once. */
function measurePair(elf) {
  const machine = twoCpus();
  const [first, second] = [0, 1].map((index) => placeImage(machine, elf, index));
  const [inline, remote] = machine.cpus;
  const inTurn = () => {
    for (const context of [first, second]) check(inline.run(context, WINDOW));
  };
  const atOnce = () => {
    machine.start(1, second, WINDOW);
    machine.start(0, first, WINDOW);
    for (let back = 0; back < 2; back++) machine.next(Infinity);
    check(inline.trap);
    check(remote.trap);
  };
  let [one, two] = [Infinity, Infinity];
  for (let i = 0; i < WINDOWS; i++) {
    one = Math.min(one, timed(inTurn));
    two = Math.min(two, timed(atOnce));
  }
  machine.dispose();
  return { one: one / (2 * WINDOW), two: two / (2 * WINDOW) };
}

function check({ kind, consumed }) {
  if (kind !== SPENT || consumed !== WINDOW) throw new Error(`expected a spent budget, got trap ${kind}`);
}

function timed(action) {
  const began = performance.now();
  action();
  return (performance.now() - began) * 1e6;
}

/** ecall; jump back. */
function callLoop() {
  const a = new Assembler(BASE);
  a.label('loop').op('ecall').to('jal', 'loop', { rd: 0 });
  return elfImage(a.finish(), BASE, BASE);
}

/** Reads a word for ever. */
function readLoop() {
  const a = new Assembler(BASE);
  a.li(REG.s0, DATA).label('loop').i('ld', REG.t0, REG.s0, 0).to('jal', 'loop', { rd: 0 });
  const code = a.finish();
  return elfImage(code, BASE, BASE, DATA + 4096 - BASE - code.length);
}

await suite(async ({ bench, record }) => {
  for (const { name, build } of programs) {
    const { one, two } = measurePair(build(1_000_000));
    record({ case: `two times ${name}, per instruction`, oursNs: two, peer: 'one CPU', peerNs: one });
  }

  const calls = twoCpus();
  const caller = placeImage(calls, callLoop());
  const [inline, remote] = calls.cpus;
  await bench({
    case: 'system call on a worker',
    ours: () => {
      for (let i = 0; i < 100; i++) remote.run(caller, 1000);
    },
    peer: 'inline CPU',
    peerFn: () => {
      for (let i = 0; i < 100; i++) inline.run(caller, 1000);
    },
    opsPerCall: 100,
  });
  calls.dispose();

  const reads = twoCpus();
  reads.start(1, placeImage(reads, readLoop()), 2 ** 31 - 1);
  await bench({
    case: 'flush of a running CPU',
    ours: () => {
      for (let i = 0; i < 10; i++) reads.mmu.flushAddressSpace(1);
    },
    opsPerCall: 10,
  });
  reads.dispose();
});

/** The counter that user mode reads; registered where the machine has one. */
import type { ContextId, CpuId } from '@veridian-os/abi';
import type { ClockLine, Counter } from '../machine.js';
import { TrapKind } from '../trap.js';
import { check, equal, fail } from './assert.js';
import { CODE, DATA, endless, type Bench, type Program } from './bench.js';
import type { CaseGroup } from './case-group.js';
import { FIRST, LOOP, OTHER, stop, viewOf } from './cpus-tools.js';
import { RW, RX } from './guest-space.js';

const ROUNDS = 200;
/** Asks whether it is time to bend the line: some tenths of a second on any host. */
const MOST_ASKS = 50_000_000;

export const counterCases: CaseGroup = ({ add, guest, hasCounter }) => {
  const { counter: read } = guest.code;
  if (!hasCounter || read === undefined) return;
  const [seen = 0] = guest.work;

  add('counter: programs and the host read one sequence', (bench) => {
    const program = bench.program(read(seen), guest.code.syscall());
    for (let i = 0; i < ROUNDS; i++) observe(bench, program, seen, FIRST);
  });

  add('counter: the clock is the line at the counter', (bench) => {
    const counter = counterOf(bench);
    for (let i = 0; i < ROUNDS; i++) {
      const from = nsAt(counter.line, counter.read());
      const now = bench.machine.clock.now();
      const to = nsAt(counter.line, counter.read());
      check(from <= now && now <= to, `clock.now(): expected ${from} .. ${to}, got ${now}`);
    }
  });

  add('counter: a line that is bent goes on where it was, at the counter’s rate', (bench) => {
    const counter = counterOf(bench);
    const rate = 1e9 / counter.hertz;
    for (let bend = 0; bend < 3; bend++) {
      const before = counter.line;
      for (let i = 0; !counter.steer(); i++) check(i < MOST_ASKS, 'steer: expected true some time');
      const { ticks, ns, multiplier, shift } = counter.line;
      check(ns >= nsAt(before, ticks), `ns: expected no less than ${nsAt(before, ticks)}, got ${ns}`);
      check(ticks <= counter.read(), `ticks: expected no more than read(), got ${ticks}`);
      check(Number.isInteger(multiplier) && multiplier < 2 ** 22, `multiplier: got ${multiplier}`);
      check(Number.isInteger(shift) && shift >= 0 && shift < 32, `shift: got ${shift}`);
      const error = multiplier / 2 ** shift / rate - 1;
      check(Math.abs(error) < 0.05, `rate: expected about ${rate} ns, got an error of ${error}`);
    }
  });
};

/** For the group of several CPUs. */
export const counterCpuCases: CaseGroup = ({ add, guest, hasCounter }) => {
  const { counter: read, load, store, syscall } = guest.code;
  if (!hasCounter || read === undefined) return;
  const [seen = 0, base = 0, mine = 0] = guest.work;

  add('counter: CPUs that take turns read one sequence', (bench) => {
    const program = bench.program(read(seen), syscall());
    let last = 0;
    for (let i = 0; i < ROUNDS; i++) {
      for (const { id } of bench.machine.cpus) {
        const ticks = observe(bench, program, seen, id);
        check(ticks >= last, `round ${i}, CPU ${id}: expected at least ${last}, got ${ticks}`);
        last = ticks;
      }
    }
  });

  add('counter: what one CPU has stored is no later than what another reads then', (bench) => {
    const { machine } = bench;
    const frame = bench.memory.allocZeroed();
    const writer = bench.program(...endless(guest, read(seen), store(64, seen, base)));
    const reader = bench.program(load(64, seen, base), read(mine), syscall());
    for (const { context, codeFrame } of [writer, reader]) {
      const space = bench.space();
      space.map(CODE, codeFrame, RX);
      space.map(DATA, frame, RW);
      machine.contexts.setAddressSpace(context, space.root, space.asid);
      bench.set(context, base, DATA);
    }
    machine.start(OTHER, writer.context, LOOP);
    while (viewOf(bench, frame).every((byte) => byte === 0));
    for (let i = 0; i < ROUNDS; i++) {
      const after = runOn(bench, FIRST, reader.context);
      const [theirs, own] = [distance(bench, reader, seen), distance(bench, reader, mine)];
      check(theirs <= own && own <= after, `round ${i}: expected ${theirs} <= ${own} <= ${after}`);
    }
    stop(bench, OTHER);
  });
};

const counterOf = ({ machine }: Bench): Counter => machine.counter ?? fail('counter: expected one');

/** Runs a program that reads the counter, and holds what it saw against what the host reads before and after. */
function observe(bench: Bench, program: Program, register: number, cpu: CpuId): number {
  const before = counterOf(bench).read();
  const after = runOn(bench, cpu, program.context);
  const ticks = distance(bench, program, register);
  check(before <= ticks && ticks <= after, `CPU ${cpu}: expected ${before} .. ${after}, got ${ticks}`);
  return ticks;
}

/** From the first instruction to the system call. @returns the counter afterwards */
function runOn(bench: Bench, cpu: CpuId, context: ContextId): number {
  bench.setPc(context, CODE);
  const runner = bench.machine.cpus[cpu] ?? fail(`no CPU ${cpu}`);
  let trap = runner.run(context, LOOP);
  for (let i = 0; i < ROUNDS && trap.kind === TrapKind.Interrupt; i++) trap = runner.run(context, LOOP);
  const after = counterOf(bench).read();
  equal(trap.kind, TrapKind.Syscall, `kind on CPU ${cpu}`);
  return after;
}

/** Ticks between the counter's origin and a value in a register. */
function distance(bench: Bench, program: Program, register: number): number {
  const { originLo, originHi } = counterOf(bench);
  const [lo, hi] = bench.get(program.context, register);
  return Number(BigInt.asIntN(64, wide(lo, hi) - wide(originLo, originHi)));
}

const wide = (lo: number, hi: number): bigint => (BigInt(hi) << 32n) + BigInt(lo);

function nsAt({ ticks: start, ns, multiplier, shift }: ClockLine, ticks: number): number {
  const elapsed = BigInt(Math.max(0, ticks - start));
  return ns + Number((elapsed * BigInt(multiplier)) >> BigInt(shift));
}

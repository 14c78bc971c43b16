/** What the cases about several CPUs share: waiting for a CPU, taking it off, a program that adds. */
import { isKernelPanic, type CpuId, type Frame, type Instructions, type Nanoseconds } from '@veridian-os/abi';
import type { Cpu } from '../machine.js';
import { FaultKind, TrapKind } from '../trap.js';
import { check, equal, fail } from './assert.js';
import { CODE, DATA, endless, type Bench, type Program } from './bench.js';
import { RW, RX } from './guest-space.js';

export const FIRST = 0 as CpuId;
export const OTHER = 1 as CpuId;
export const FOREVER = Infinity as Nanoseconds;
export const ENDLESS = (2 ** 31 - 1) as Instructions;
/** Much more than a case needs that a kick or a store of another CPU ends; a machine that fails it comes back all the same. */
export const LOOP = 1_000_000_000 as Instructions;
/** What a case asks for that goes on with it when it is spent. */
export const LONG = 100_000_000 as Instructions;
/** Spent budgets after which a CPU is taken not to come back for anything else. */
export const MAX_SPENT = 3;
/** Where a second page of code goes. */
export const FAR = 0x20000;
export const ROUNDS = 1000;
/** Looks at a condition before a case gives up; each waits for 0.1 ms of the machine's time. */
export const LOOKS = 100_000;
export const LOOK_NS = 100_000;

export const other = (bench: Bench): Cpu => bench.machine.cpus[OTHER] ?? fail('cpus: expected two');

/** Waits for a CPU to come back for something else than an interrupt or a spent budget, starting it again after one. */
export function comeBack(bench: Bench, cpu: CpuId): Cpu {
  const { machine } = bench;
  for (let i = 0, spent = 0; i < 100 && spent < MAX_SPENT; i++) {
    equal(machine.next(FOREVER), cpu, 'next');
    const back = machine.cpus[cpu] ?? fail(`no CPU ${cpu}`);
    const { kind } = back.trap;
    if (kind === TrapKind.Budget) spent++;
    else if (kind !== TrapKind.Interrupt) return back;
    machine.start(cpu, back.trap.context, LONG);
  }
  stop(bench, cpu);
  return fail(`CPU ${cpu} goes on and on`);
}

/** Lets started CPUs run until a condition holds. */
export function until(bench: Bench, what: string, condition: () => boolean): void {
  const { machine } = bench;
  for (let i = 0; i < LOOKS; i++) {
    if (condition()) return;
    const back = machine.next((machine.clock.now() + LOOK_NS) as Nanoseconds);
    if (back < 0) continue;
    const { trap } = machine.cpus[back] ?? fail(`next: expected a CPU, got ${back}`);
    const goesOn = trap.kind === TrapKind.Interrupt || trap.kind === TrapKind.Budget;
    check(goesOn, `kind of trap before ${what}: got ${trap.kind}`);
    machine.start(back as CpuId, trap.context, LONG);
  }
  fail(`never happened: ${what}`);
}

/** Takes a CPU off whatever it runs. */
export function stop(bench: Bench, cpu: CpuId): void {
  bench.machine.cpus[cpu]?.interrupt();
  for (let i = 0; i < bench.machine.cpus.length; i++) if (bench.machine.next(FOREVER) === cpu) return;
  fail(`CPU ${cpu} did not come back`);
}

export function panics(code: string, action: () => unknown): void {
  try {
    action();
  } catch (error) {
    check(isKernelPanic(error) && error.code === code, `expected a panic ${code}, got ${String(error)}`);
    return;
  }
  fail(`expected a panic ${code}`);
}

/** Adds 1 atomically to the word at DATA and to a register, for ever. */
export function adder(bench: Bench, frame?: Frame): Program {
  const { guest } = bench;
  const [seen = 0, base = 0, one = 0, count = 0] = guest.work;
  const { code } = guest;
  const program = bench.program(...endless(guest, code.atomicAdd(seen, base, one), code.add(count, count, 1)));
  if (frame !== undefined) {
    const space = bench.space();
    bench.place(space, CODE, [], program.codeFrame, RX);
    space.map(DATA, frame, RW);
    bench.machine.contexts.setAddressSpace(program.context, space.root, space.asid);
  }
  bench.set(program.context, base, DATA);
  bench.set(program.context, one, 1);
  return program;
}

/** How often an `adder` has added: its own count, and one more when it stopped between the two additions. */
export function added(bench: Bench, program: Program): number {
  const { guest, machine } = bench;
  const [seen = 0, base = 0, one = 0, count = 0] = guest.work;
  const between = CODE + guest.code.atomicAdd(seen, base, one).length;
  const [pc] = bench.get(program.context, machine.info.layout.pc);
  return bench.get(program.context, count)[0] + (pc === between ? 1 : 0);
}

export const word = (bench: Bench, frame: Frame): number =>
  new DataView(viewOf(bench, frame).slice().buffer).getUint32(0, true);
export const viewOf = (bench: Bench, frame: Frame): Uint8Array => bench.memory.view(frame);

/** Stores a 64-bit address where programs look for it; the low half is what changes. */
export function point(bench: Bench, frame: Frame, offset: number, address: number): void {
  bench.memory.write32((frame * 4096 + offset) as Parameters<Bench['memory']['write32']>[0], address);
}

export function expectPageFault(cpu: Cpu, address: number): void {
  const { kind, fault, addressLo } = cpu.trap;
  equal(kind, TrapKind.Fault, 'kind');
  equal(fault, FaultKind.Page, 'fault');
  equal(addressLo, address, 'address');
}

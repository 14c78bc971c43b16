/**
 * The bench of one case: a fresh machine, guest memory, spaces, contexts, and runs that tolerate spurious interrupts.
 */
import {
  createMmuEdits,
  isErrno,
  type ContextId,
  type Frame,
  type Instructions,
  type MmuEdits,
} from '@veridian-os/abi';
import type { Cpu, Machine } from '../machine.js';
import type { RegisterView } from '../registers.js';
import { Access, FaultKind, TrapKind } from '../trap.js';
import { check, equal, fail } from './assert.js';
import { guestIsa, type Entry, type Expected, type GuestIsa, type Permissions } from './guest-isa.js';
import { createGuestMemory, type GuestMemory } from './guest-memory.js';
import { RW, RX, createSpace, type GuestSpace } from './guest-space.js';

/** Where cases put their code and data. */
export const CODE = 0x10000;
export const DATA = 0x40000;

/** A copy of a trap record, with the pc that the context shows. */
export interface Return {
  readonly kind: TrapKind;
  readonly context: ContextId;
  /** Retired by all attempts of this run together. */
  readonly consumed: number;
  readonly fault: FaultKind;
  readonly access: Access;
  readonly addressLo: number;
  readonly addressHi: number;
  readonly pcLo: number;
  readonly pcHi: number;
}

export interface Bench {
  readonly machine: Machine;
  readonly guest: GuestIsa;
  readonly memory: GuestMemory;
  readonly cpu: Cpu;
  /** An empty address space with an ASID of its own. */
  space(): GuestSpace;
  /** A context; in `space`, with its pc at CODE, when one is given. */
  context(space?: GuestSpace): ContextId;
  /** A space with `code` at CODE (read, execute), a data page at DATA (read, write), and a context at the code. */
  program(...code: readonly Uint8Array[]): Program;
  /** Puts code at an address of a space, on a new frame unless one is given. */
  place(
    space: GuestSpace,
    address: number,
    code: readonly Uint8Array[],
    frame?: Frame,
    permissions?: Permissions,
  ): Frame;
  set(context: ContextId, register: number, lo: number, hi?: number): void;
  get(context: ContextId, register: number): Entry;
  setPc(context: ContextId, address: number): void;
  /**
   * Runs until something other than an interrupt happens.
   * @param budget default: enough for any program of the kit that ends, 1000 where budgets are exact
   */
  run(context: ContextId, budget?: number): Return;
  /** Exactly one `cpu.run`. */
  runOnce(context: ContextId, budget?: number): Return;
  edits(capacity?: number): MmuEdits;
}

export interface Program {
  readonly space: GuestSpace;
  readonly context: ContextId;
  readonly codeFrame: Frame;
  readonly dataFrame: Frame;
  readonly registers: RegisterView;
}

/** Address-space tags of a case: not 1, 2, 3, which a machine might use by itself. */
const FIRST_ASID = 40;
/** Where budgets are inexact they may be a time, and any small one may be over before the program ran at all. */
export const PLENTY = 2 ** 31 - 1;
/** Interrupts in a row that count as spurious. */
const MAX_SPURIOUS = 100;

export function createBench(machine: Machine): Bench {
  const guest = guestIsa(machine.info.layout);
  const memory = createGuestMemory(machine);
  const { layout } = machine.info;
  const cpu = machine.cpus[0] ?? fail('cpus: expected at least one');
  const enough = machine.features.exactBudget ? 1000 : PLENTY;
  let spaces = 0;

  const bench: Bench = {
    machine,
    guest,
    memory,
    cpu,
    space: () => createSpace(guest, memory, FIRST_ASID + spaces++),
    context(space) {
      const id = machine.contexts.create();
      check(!isErrno(id), `contexts.create: expected a context, got ${id}`);
      const context = id as ContextId;
      if (space !== undefined) {
        machine.contexts.setAddressSpace(context, space.root, space.asid);
        bench.setPc(context, CODE);
      }
      return context;
    },
    program(...code) {
      const space = bench.space();
      const codeFrame = bench.place(space, CODE, code);
      const dataFrame = memory.allocZeroed();
      space.map(DATA, dataFrame, RW);
      const context = bench.context(space);
      return { space, context, codeFrame, dataFrame, registers: machine.contexts.registers(context) };
    },
    place(space, address, code, frame = memory.allocZeroed(), permissions = RX) {
      memory.view(frame).set(bytes(...code), address % 4096);
      machine.mmu.syncCode(frame, 1);
      space.map(address, frame, permissions);
      return frame;
    },
    set(context, register, lo, hi = 0) {
      const view = machine.contexts.registers(context);
      view[register * 2] = lo;
      view[register * 2 + 1] = hi;
    },
    get(context, register) {
      const view = machine.contexts.registers(context);
      return [view[register * 2], view[register * 2 + 1]];
    },
    setPc: (context, address) => bench.set(context, layout.pc, address >>> 0, Math.floor(address / 2 ** 32)),
    run(context, budget = enough) {
      let consumed = 0;
      for (let attempt = 0; attempt < MAX_SPURIOUS; attempt++) {
        const result = bench.runOnce(context, Math.max(1, budget - consumed));
        consumed += result.consumed;
        if (result.kind !== TrapKind.Interrupt) return { ...result, consumed };
      }
      return fail(`${MAX_SPURIOUS} interrupts in a row`);
    },
    runOnce(context, budget = 1000) {
      const trap = cpu.run(context, budget as Instructions);
      check(trap === cpu.trap, 'run must return the reused trap record');
      const [pcLo, pcHi] = bench.get(context, layout.pc);
      const { kind, consumed, fault, access, addressLo, addressHi } = trap;
      return { kind, context: trap.context, consumed, fault, access, addressLo, addressHi, pcLo, pcHi };
    },
    edits: (capacity = 16) => createMmuEdits(capacity),
  };
  return bench;
}

/** Instructions one after the other. */
export function bytes(...code: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(code.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of code) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** `body` again and again. */
export function endless(guest: GuestIsa, ...body: readonly Uint8Array[]): Uint8Array[] {
  return [...body, guest.code.jump(-bytes(...body).length)];
}

export const nameOf = (names: Readonly<Record<string, number>>, value: number): string =>
  Object.keys(names).find((key) => names[key] === value) ?? String(value);

export function expectKind(result: Return, kind: TrapKind): void {
  if (result.kind === kind) return;
  const address = `0x${result.addressHi.toString(16)}_${result.addressLo.toString(16).padStart(8, '0')}`;
  const detail =
    result.kind === TrapKind.Fault
      ? ` (${nameOf(FaultKind, result.fault)}, ${nameOf(Access, result.access)}, ${address})`
      : '';
  fail(
    `expected ${nameOf(TrapKind, kind)}, got ${nameOf(TrapKind, result.kind)}${detail} at pc 0x${result.pcLo.toString(16)}`,
  );
}

/** A fault of this kind and access, at this address. */
export function expectFault(result: Return, fault: FaultKind, access: Access, lo: number, hi = 0): void {
  expectKind(result, TrapKind.Fault);
  equal(nameOf(FaultKind, result.fault), nameOf(FaultKind, fault), 'fault');
  equal(nameOf(Access, result.access), nameOf(Access, access), 'access');
  equal(result.addressLo >>> 0, lo >>> 0, 'addressLo');
  equal(result.addressHi >>> 0, hi >>> 0, 'addressHi');
}

/** An error that has no address: its kind, and its number where the ISA has one. */
export function expectError(result: Return, { fault, number }: Expected): void {
  expectKind(result, TrapKind.Fault);
  equal(nameOf(FaultKind, result.fault), nameOf(FaultKind, fault), 'fault');
  if (number !== undefined) equal(result.addressLo, number, 'number of the exception');
}

export function expectPc(result: Return, address: number): void {
  equal(result.pcHi * 2 ** 32 + result.pcLo, address, 'pc');
}

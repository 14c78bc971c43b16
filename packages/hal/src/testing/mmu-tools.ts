/** What the cases about translations share. */
import type { Frame } from '@veridian-os/abi';
import { TrapKind } from '../trap.js';
import { DATA, endless, expectKind, type Bench, type Program } from './bench.js';
import type { Entry, GuestIsa, Permissions } from './guest-isa.js';
import type { GuestSpace } from './guest-space.js';

export const NOTHING: Entry = [0, 0];

/** A program that loads from and stores to the page of `base` forever, a system call after each. */
export function prober(bench: Bench, guest: GuestIsa): Program {
  const { code } = guest;
  const [value = 0, base = 0, stored = 0] = guest.work;
  const program = bench.program(
    ...endless(guest, code.load(64, value, base), code.syscall(), code.store(64, stored, base), code.syscall()),
  );
  bench.set(program.context, base, DATA);
  return program;
}

/** Edits one entry and applies the batch; returns the entry that was replaced. */
export function apply(bench: Bench, space: GuestSpace, address: number, entry: Entry): Entry {
  const edits = bench.edits(1);
  space.edit(edits, address, entry);
  bench.machine.mmu.apply(edits);
  return [edits.oldLo[0], edits.oldHi[0]];
}

export const leaf = (guest: GuestIsa, frame: Frame, permissions: Permissions): Entry =>
  guest.tables.leaf(frame, permissions);

/** Warms every translation that the program uses. */
export function warm(bench: Bench, program: Program): void {
  for (let i = 0; i < 4; i++) expectKind(bench.run(program.context), TrapKind.Syscall);
}

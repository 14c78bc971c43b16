/** Runs a static image of programs.mjs on the emulated machine under Sv39; the only system call is exit. */
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { PTE, Sv39Tables } from '@veridian-os/machine-emulated/testing';

const RAM = 0x80000000;
const TABLES = RAM + 0x100000;
const IMAGE = RAM + 0x200000;
const IMAGE_BYTES = 16 * 1024 * 1024;
const BUDGET = 2_000_000_000;
const SYSCALL = 1;

/**
 * Maps the image's segment in an address space of its own, the `index`-th of the machine.
 * @returns a context at its entry
 */
export function placeImage(machine, elf, index = 0) {
  const view = new DataView(elf.buffer, elf.byteOffset);
  const fileBytes = Number(view.getBigUint64(64 + 32, true));
  const base = Number(view.getBigUint64(64 + 16, true));
  const pages = Math.ceil(Number(view.getBigUint64(64 + 40, true)) / 4096);
  const region = machine.memory[0];
  const at = index * IMAGE_BYTES;
  region.u8.set(elf.subarray(4096, 4096 + fileBytes), IMAGE + at - RAM);
  const flags = PTE.V | PTE.U | PTE.R | PTE.W | PTE.X | PTE.A | PTE.D;
  const tables = new Sv39Tables(region, TABLES + at).map(base, IMAGE + at, pages, flags);
  const context = machine.contexts.create();
  machine.contexts.setAddressSpace(context, tables.root / 4096, 1 + index);
  machine.contexts.registers(context)[64] = Number(view.getBigUint64(24, true));
  return context;
}

/** A machine with the image's segment mapped, and a context at its entry. */
export function hostImage(elf) {
  const machine = EmulatedMachine.create({ memoryBytes: IMAGE_BYTES, maxContexts: 16 });
  return { machine, context: placeImage(machine, elf) };
}

/** Runs to the exit call. @returns instructions retired */
export function runImage(elf) {
  const { machine, context } = hostImage(elf);
  const trap = machine.cpus[0].run(context, BUDGET);
  if (trap.kind !== SYSCALL) throw new Error(`expected the exit call, got trap ${trap.kind}, fault ${trap.fault}`);
  return trap.consumed;
}

/** Machines of the tests: small, and only where QEMU is. */
import { describe } from '@jest/globals';
import type { Isa } from '@veridian-os/hal';
import { QemuMachine, type QemuMachineOptions } from '@veridian-os/machine-qemu';
import { findTool, needs } from '../../../../tools/require-tool.js';

export const ALL: readonly Isa[] = ['riscv64', 'aarch64', 'x86_64'];

/** @throws Error in CI when it is missing */
export const hasQemu = (isa: Isa): boolean => needs(`qemu-system-${isa}`, 'setpriv');

/** The architectures that can be tested here. */
export const available = (): readonly Isa[] => ALL.filter(hasQemu);

/** One suite per architecture, or one that is skipped: `each` refuses an empty table. */
export const describeEachQemu = available().length > 0 ? describe.each(available()) : describe.skip.each(ALL);

export const small = (isa: Isa, more: QemuMachineOptions = {}): QemuMachine =>
  QemuMachine.create({ isa, memoryBytes: 8 * 1024 * 1024, maxContexts: 1500, ...more });

export const objdumpFor = (isa: Isa): string => (isa === 'x86_64' ? 'objdump' : `${isa}-linux-gnu-objdump`);
export { findTool, needs };

const SILENT = "QEMU's translator raises no unmasked SIMD exceptions";
/** Cases of the kit that QEMU cannot pass, and why. */
export const WITHOUT: Partial<Record<Isa, Record<string, string>>> = {
  x86_64: {
    'SIMD division by zero: an arithmetic fault at its pc, and again when run again': SILENT,
    'SIMD division by zero: other contexts and new ones know nothing of it': SILENT,
  },
};

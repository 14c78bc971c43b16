/** The conformance kit of machines, arbitraries with models, and makers of device trees. */
export * from './testing/arbitraries.js';
export * from './testing/build-fdt.js';
export * from './testing/machine-kit.js';
export { ProgramModel, WindowModel, encodeProgram, type MappedPage } from './testing/models.js';
export type { Entry, GuestCode, GuestIsa, PageTableFormat, Permissions, Width } from './testing/guest-isa.js';
/** The encoders that the kit's riscv64 programs are made with. */
export { riscv64 } from '@veridian-os/assembler';
export * from './testing/kit-proof.js';
export * from './testing/seeded-bugs.js';
export { guestIsa } from './testing/guest-isa.js';
export * from './testing/relaxed-machine.js';
export { override } from './testing/override.js';

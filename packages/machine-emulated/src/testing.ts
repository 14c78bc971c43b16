/** Tools for tests and benches of this machine and of what runs on it: an assembler, ELF images, page tables. */
export * from './testing/instructions.js';
export * from './testing/encode.js';
export * from './testing/assembler.js';
export * from './testing/elf-image.js';
export * from './testing/page-tables.js';

/** For tests of loaders: make small ELF files, read initial stacks back, generate both. */
export * from './testing/arbitraries.js';
export * from './testing/build-elf.js';
export * from './testing/parse-initial-stack.js';

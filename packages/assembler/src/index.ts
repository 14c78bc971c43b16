export {
  CodeBuffer,
  addressOf,
  assemble,
  data16,
  data32,
  data64,
  data8,
  to,
  type Code,
  type CodeBufferOptions,
  type Reference,
} from './code-buffer.js';
export * as aarch64 from './aarch64/index.js';
export * as riscv64 from './riscv64/index.js';
export * as x86_64 from './x86_64/index.js';

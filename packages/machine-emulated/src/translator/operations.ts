/** Every operation that becomes WebAssembly. */
import { ATOMIC } from './atomic.js';
import { CSR } from './csr.js';
import { FLOAT } from './float.js';
import { INTEGER } from './integer.js';
import { MEMORY } from './memory.js';
import { TOUCH } from './touch.js';
export { ACCESSES } from './memory.js';
import type { Operation } from './body.js';

/** By number in `OP`; jumps and branches are the structure's affair (emit.ts). */
export const OPERATIONS: ReadonlyMap<number, Operation> = new Map([
  ...INTEGER,
  ...MEMORY,
  ...TOUCH,
  ...ATOMIC,
  ...FLOAT,
  ...CSR,
]);

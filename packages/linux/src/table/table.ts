/**
 * The system calls: names, numbers, handlers, trace formats, restart rules. The one source of all of them.
 *
 * Numbers are asm-generic/unistd.h's (riscv64 as it is, aarch64 with exceptions), then x86_64's. Formats are explained in trace/formats.ts.
 */
import { CLONE_ROWS } from './process-rows.js';
import { FILE_ROWS } from './file-rows.js';
import { MEMORY_ROWS } from './memory-rows.js';
import { PATH_ROWS } from './path-rows.js';
import { REFUSED_ROWS } from './refused-rows.js';
import type { Row } from './row.js';
import { SIGNAL_ROWS } from './signal-rows.js';
import { SYSTEM_ROWS } from './system-rows.js';
import { TIME_ROWS } from './time-rows.js';
import { X86_ROWS } from './x86-rows.js';

export const TABLE: readonly Row[] = [
  ...FILE_ROWS,
  ...PATH_ROWS,
  ...MEMORY_ROWS,
  ...CLONE_ROWS,
  ...SIGNAL_ROWS,
  ...TIME_ROWS,
  ...SYSTEM_ROWS,
  ...X86_ROWS,
  ...REFUSED_ROWS,
];

/** The formats by name. */
import { aarch64, aarch64Lpa2 } from './aarch64.js';
import type { PageTableFormat } from './format.js';
import { sv39, sv48, sv57 } from './riscv.js';
import { x86_64, x86_64La57 } from './x86-64.js';

/** Name of a format that this package has. */
export type PageTableName = 'sv39' | 'sv48' | 'sv57' | 'x86_64' | 'x86_64-la57' | 'aarch64' | 'aarch64-lpa2';

export const PAGE_TABLE_FORMATS: Readonly<Record<PageTableName, PageTableFormat>> = {
  sv39,
  sv48,
  sv57,
  x86_64,
  'x86_64-la57': x86_64La57,
  aarch64,
  'aarch64-lpa2': aarch64Lpa2,
};

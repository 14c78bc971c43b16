/** The architectures by name. */
import type { Isa } from '@veridian-os/hal';
import type { QemuIsa } from '../isa.js';
import { aarch64 } from './aarch64.js';
import { riscv64 } from './riscv64.js';
import { x86_64 } from './x86-64.js';

export const ISAS: Readonly<Record<Isa, QemuIsa>> = { riscv64, aarch64, x86_64 };

/** ISAs that the personality knows. */
import { LINUX_AARCH64 } from './aarch64.js';
import type { LinuxIsa } from './isa.js';
import { LINUX_RISCV64 } from './riscv64.js';
import { LINUX_X86_64 } from './x86-64.js';

export const LINUX_ISAS: readonly LinuxIsa[] = [LINUX_RISCV64, LINUX_AARCH64, LINUX_X86_64];

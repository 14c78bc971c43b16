import { programsOn, qemu } from './machine-suite.js';

programsOn(qemu('riscv64'));

import { programsOn, qemu } from './machine-suite.js';

programsOn(qemu('x86_64'));

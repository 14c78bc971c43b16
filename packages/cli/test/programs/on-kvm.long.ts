import { kvm, programsOn } from './machine-suite.js';

programsOn(kvm);

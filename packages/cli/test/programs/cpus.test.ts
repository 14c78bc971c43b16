/** Guests and programs with threads and processes on the emulated machine with two CPUs. */
import { emulated, onTwoCpus } from './machine-suite.js';

onTwoCpus(emulated, () => true);

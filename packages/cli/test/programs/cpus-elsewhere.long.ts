/** Programs with threads on KVM with two vCPUs and on QEMU with two processors. */
import { kvm, onTwoCpus, qemu } from './machine-suite.js';

/** Guests whose threads or processes run beside each other; the rest is no different with one CPU. */
const GUESTS = ['many-cpus', 'thread-storm', 'mutex-cond', 'futex', 'fork-storm', 'memory-touch', 'jit', 'affinity'];

for (const machine of [kvm, qemu('riscv64'), qemu('aarch64'), qemu('x86_64')]) {
  onTwoCpus(machine, ({ guest }) => GUESTS.includes(guest));
}

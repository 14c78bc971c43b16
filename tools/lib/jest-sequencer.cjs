/**
 * The files that take longest come first, so that no worker is left alone with one at the end. Jest goes by the times of
 * the last run, or where there are none (in CI) by size, and the longest of ours are short: kits and lists of programs.
 */
const { default: Sequencer } = require('@jest/test-sequencer');

/** Ends of paths, the longest first; seconds on two cores, 2026. */
const SLOWEST = [
  'cli/test/programs/cpus-elsewhere.long.ts', // 110
  'machine-qemu/test/kit.test.ts', // 76
  'cli/test/programs/on-qemu-aarch64.long.ts', // 70
  'cli/test/programs/on-qemu-riscv64.long.ts',
  'cli/test/programs/on-qemu-x86-64.long.ts',
  'machine-qemu/test/kit-mutants.long.ts', // 60
  'machine-emulated/test/kit-cpus-mutants.long.ts',
  'machine-emulated/test/differential/privileged/privileged.long.ts',
  'memory/test/qemu/walks.long.ts',
  'veridian/test/unit/thousand-runs.long.ts', // 52
  'cli/test/programs/on-kvm.long.ts',
  'machine-emulated/test/kit-mutants.long.ts',
  'cli/test/programs/guests.test.ts', // 40
  'slab/test/model/small-scope.long.ts',
  'cli/test/programs/small-memory.long.ts',
  'machine-kvm/test/kit-mutants.long.ts',
  'machine-kvm/test/unit/machine.long.ts',
  'hal/test/tiny/tiny-machine.test.ts', // 34
  'vfs/test/unit/kit.test.ts', // 20
  'memory/test/model/user-space.test.ts',
  'memory/test/model/huge-pages.test.ts',
  'kernel/test/unit/services.test.ts',
  'kernel/test/unit/personality-machines.test.ts',
];

const rank = (path) => {
  const at = SLOWEST.findIndex((end) => path.endsWith(end));
  return at < 0 ? SLOWEST.length : at;
};

module.exports = class extends Sequencer {
  sort(tests) {
    return super.sort(tests).sort((a, b) => rank(a.path) - rank(b.path));
  }
};

/** The one place that chooses a way of sharing. */
import { libc, libcProblem } from '@veridian-os/libc';
import { hostPlatform } from '../node.js';
import type { Settings } from '../options.js';
import type { MachineShape, Sharing } from './api.js';
import { MappedSharing } from './mapped.js';
import { MirroredSharing } from './mirrored.js';

/** One sentence that says why memory is copied at every trap where nothing else is asked for; undefined where it is not. */
export function sharingProblem(): string | undefined {
  const problem = libcProblem();
  return problem === undefined ? undefined : `Guest memory is copied at every trap, which is slower. ${problem}`;
}

/**
 * @throws RangeError `cpus` for several CPUs without mappings, `sharing` for mappings where they cannot be had; Error on
 * another system than Linux
 */
export function openSharing({ sharing, cpus }: Settings, shape: MachineShape): Sharing {
  if (hostPlatform() !== 'linux') throw new Error(`QEMU is driven on Linux only; this host is ${hostPlatform()}.`);
  const problem = libcProblem();
  if (sharing === 'mapped' && problem !== undefined) {
    throw new RangeError(`sharing: expected auto or mirrored here, got mapped. ${problem}`);
  }
  if (sharing !== 'mirrored' && problem === undefined) return new MappedSharing(libc(), shape);
  if (cpus > 1) {
    const why = problem ?? 'That was asked for.';
    throw new RangeError(`cpus: expected 1 where guest memory is mirrored instead of mapped, got ${cpus}. ${why}`);
  }
  return new MirroredSharing(shape);
}

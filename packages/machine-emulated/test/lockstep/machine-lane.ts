/** A whole computer as a lane of the search. */
import type { EmulatedMachine } from '../../src/index.js';
import { CONTEXT } from '../../src/internal/layout.js';
import type { Lane } from './search.js';

/** Time jumps while the guest waits, so that a run is a function of what it was given. */
export function machineLane({ system }: EmulatedMachine): Lane {
  return {
    run(count) {
      let left = count;
      while (left > 0 && system.stopped === null) {
        const { kind, consumed } = system.run(left);
        left -= consumed;
        if (kind === 'idle') break;
      }
      return count - left;
    },
    /** The whole file, with floating point behind what `system.registers` shows. */
    get registers() {
      const { buffer, byteOffset } = system.registers;
      return new Uint32Array(buffer, byteOffset, CONTEXT.SATP / 4);
    },
  };
}

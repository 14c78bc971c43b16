/** Machines and threads of the host: two machines in one thread. */
import { expect, it } from '@jest/globals';
import { x86_64 } from '@veridian-os/assembler';
import type { CpuId } from '@veridian-os/abi';
import { TrapKind } from '@veridian-os/hal';
import { kickFromThread } from '../../../../tools/kick-from-thread.js';
import { Rig, describeWithKvm } from '../helpers/rig.js';

const { jmpShort, syscall } = x86_64;
const MS = 1_000_000;

describeWithKvm('two machines in one thread', () => {
  it('a timer of one that the other has heard rings again', () => {
    const [first, second] = [Rig.create(), Rig.create()];
    try {
      const { context } = first.program(syscall(), jmpShort(0));
      const { context: other } = second.program(jmpShort(0));
      // A run that comes back at once leaves its timer set; the other machine hears it.
      expect(first.run(context, 50 * MS).kind).toBe(TrapKind.Syscall);
      expect(second.run(other, 200 * MS).kind).toBe(TrapKind.Budget);
      // Without a timer the run would never end.
      const handle = first.machine.kickHandle(0 as CpuId);
      kickFromThread([handle], 10_000, new Int32Array(new SharedArrayBuffer(4)));
      expect(first.run(context, 50 * MS).kind).toBe(TrapKind.Budget);
    } finally {
      first.machine.dispose();
      second.machine.dispose();
    }
  });
});

/** What only hardware needs: vCPUs on other threads that forget their translations while they run. */
import { expect, it } from '@jest/globals';
import { x86_64 } from '@veridian-os/assembler';
import type { CpuId, Instructions, Nanoseconds } from '@veridian-os/abi';
import { TrapKind, X86 } from '@veridian-os/hal';
import { Backend } from '../../src/internal/backend.js';
import { KvmMachine } from '@veridian-os/machine-kvm';
import { DATA, Rig, describeWithKvm } from '../helpers/rig.js';

const { RAX, RBX, inc, jmpShort, lock, mem64, add } = x86_64;

describeWithKvm('a shootdown', () => {
  it('loses nothing of the programs that it interrupts', () => {
    let backend: Backend | undefined;
    const open = Backend.open.bind(Backend);
    Backend.open = (...parts) => (backend = open(...parts));
    const rig = new Rig(KvmMachine.create({ memoryBytes: 4 << 20, cpus: 2 }));
    Backend.open = open;
    const { context, view, data } = rig.program(inc(RAX), lock(add(mem64(RBX), 1)), jmpShort(-8));
    view.set([DATA, 0], X86.RBX * 2);
    const { machine } = rig;
    const cell = new Int32Array(data.buffer, data.byteOffset, 1);
    const start = (): void => machine.start(1 as CpuId, context, 2_000_000_000 as Instructions);
    start();
    for (let round = 0; round < 50; round++) {
      const before = Atomics.load(cell, 0);
      backend!.monitor.markStale(undefined);
      for (let looks = 0; looks < 1e8 && Atomics.load(cell, 0) === before; looks++) {
        // On a busy host the budget is spent before the rounds are.
        if (looks % 1000 === 999 && machine.next(machine.clock.now()) === 1) start();
      }
      expect(Atomics.load(cell, 0)).not.toBe(before);
    }
    machine.cpus[1].interrupt();
    expect(machine.next(Infinity as Nanoseconds)).toBe(1);
    expect(machine.cpus[1].trap.kind).toBe(TrapKind.Interrupt);
    expect(view[X86.RAX * 2] - Atomics.load(cell, 0)).toBeGreaterThanOrEqual(0);
    expect(view[X86.RAX * 2] - Atomics.load(cell, 0)).toBeLessThanOrEqual(1);
    machine.dispose();
  });
});

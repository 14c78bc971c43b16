/** What the kit does not ask: QEMU's own devices, memory in windows, idling. */
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import type { ContextId, Instructions, PhysAddr } from '@veridian-os/abi';
import { TrapKind, type Bus, type Isa } from '@veridian-os/hal';
import { PORTS, type QemuMachine } from '@veridian-os/machine-qemu';
import { describeEachQemu, small } from '../helpers/qemu.js';

/** A clock of QEMU's board, in seconds since 1970. */
const CLOCKS: Record<Isa, (bus: Bus) => number> = {
  // Goldfish RTC: reading the low word latches the high one; nanoseconds.
  riscv64: (bus) => (bus.read32(0x10_1000 as PhysAddr) + bus.read32(0x10_1004 as PhysAddr) * 2 ** 32) / 1e9,
  // PL031
  aarch64: (bus) => bus.read32(0x901_0000 as PhysAddr),
  // The CMOS clock, by input and output: binary-coded seconds to years, century.
  x86_64(bus) {
    const field = (index: number): number => {
      bus.write8((PORTS + 0x70) as PhysAddr, index);
      const coded = bus.read8((PORTS + 0x71) as PhysAddr);
      return (coded >> 4) * 10 + (coded & 15);
    };
    const year = field(0x32) * 100 + field(9);
    return Date.UTC(year, field(8) - 1, field(7), field(4), field(2), field(0)) / 1000;
  },
};

function withMachine(machine: QemuMachine, body: (machine: QemuMachine) => void): void {
  try {
    body(machine);
  } finally {
    machine.dispose();
  }
}

const cpuSeconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

describeEachQemu('qemu-%s', (isa) => {
  it('memory beyond one view comes in regions that follow each other', () => {
    withMachine(small(isa, { memoryBytes: 2.5 * 2 ** 30 }), ({ memory }) => {
      expect(memory.length).toBeGreaterThan(2);
      expect(memory.reduce((sum, { length }) => sum + length, 0)).toBe(2.5 * 2 ** 30);
      for (const { u8, length } of memory) {
        u8[length - 1] = 7;
        expect(u8[length - 1]).toBe(7);
      }
    });
  });

  it('a device of QEMU’s own board answers behind the bus', () => {
    withMachine(small(isa), ({ bus }) => {
      expect(Math.abs(CLOCKS[isa](bus) - Date.now() / 1000)).toBeLessThan(100);
    });
  });

  it('where nothing is, reads give 0, writes vanish, and the machine lives on', () => {
    withMachine(small(isa), ({ bus, contexts, cpus }) => {
      const nowhere = 0x7000_0000_0000 as PhysAddr;
      bus.write32(nowhere, 1);
      if (isa !== 'x86_64') expect([bus.read8(nowhere), bus.read16(nowhere), bus.read32(nowhere)]).toEqual([0, 0, 0]);
      const context = contexts.create() as ContextId;
      expect(cpus[0].run(context, 1000 as Instructions).kind).toBe(TrapKind.Fault);
    });
  });

  it('an idle machine uses no CPU time', async () => {
    const machine = small(isa);
    try {
      const before = cpuSeconds(machine.pid);
      await new Promise((done) => setTimeout(done, 500));
      expect(cpuSeconds(machine.pid) - before).toBeLessThan(0.1);
    } finally {
      machine.dispose();
    }
  });
});

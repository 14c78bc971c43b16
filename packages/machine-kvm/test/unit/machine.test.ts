/** Options, memory, devices, page tables that become something else, and what is left after dispose. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { x86_64 } from '@veridian-os/assembler';
import { PAGE_SIZE } from '@veridian-os/abi';
import type { Asid, CpuId, Frame, Instructions, PhysAddr } from '@veridian-os/abi';
import { Access, FaultKind, TrapKind, X86 } from '@veridian-os/hal';
import { KvmMachine, MEMORY_MAP } from '@veridian-os/machine-kvm';
import { CODE, Rig, describeWithKvm } from '../helpers/rig.js';

const { RAX, RBX, EAX, AX, AL, jmpShort, mem8, mem16, mem32, mem64, mov, nop, syscall } = x86_64;

const WRITE = 7;
const HOLE = 0x7000_0000;
const PAGE = 0x30000;

function withRig(body: (rig: Rig) => void): void {
  const rig = Rig.create();
  try {
    body(rig);
  } finally {
    rig.machine.dispose();
  }
}

describe('options', () => {
  it.each([
    [{ memoryBytes: 4095 }, 'memoryBytes: expected a multiple of 4096'],
    [{ memoryBytes: 0 }, 'memoryBytes: expected a multiple of 4096'],
    [{ memoryBytes: 2 ** 40 }, 'memoryBytes: expected a multiple of 4096 up to'],
    [{ maxContexts: 0 }, 'maxContexts: expected an integer 1 .. 65536, got 0'],
    [{ vcpus: 65 }, 'vcpus: expected an integer 1 .. 64, got 65'],
    [{ cpus: 17 }, 'cpus: expected an integer 1 .. 16, got 17'],
  ])('%p is refused before anything is made', (options, message) => {
    expect(() => KvmMachine.create(options)).toThrow(RangeError);
    expect(() => KvmMachine.create(options)).toThrow(message);
  });
});

describeWithKvm('memory', () => {
  it('of three GiB is three regions, and programs reach all of it', () => {
    const rig = Rig.create({ memoryBytes: 3 * 2 ** 30 });
    const { memory } = rig.machine;
    expect(memory.map(({ base, length }) => [base, length])).toEqual([
      [0x8000_0000, 2 ** 30],
      [0x1_0000_0000, 2 ** 30],
      [0x1_4000_0000, 2 ** 30],
    ]);
    const { context, view } = rig.program(mov(RAX, mem64(RBX)), mov(mem64(RBX, 8), RAX), syscall(), jmpShort(-10));
    for (const { base, length, u32 } of memory) {
      const frame = (base + length) / PAGE_SIZE - 1;
      const [lo, hi] = [(frame * PAGE_SIZE + WRITE) >>> 0, Math.floor(frame / 2 ** 20)];
      rig.exchange(PAGE, lo, hi);
      u32[length / 4 - 4] = base / 4096;
      view.set([PAGE + PAGE_SIZE - 16, 0], X86.RBX * 2);
      view.set([CODE, 0], X86.RIP * 2);
      expect(rig.run(context).kind).toBe(TrapKind.Syscall);
      expect(u32[length / 4 - 2]).toBe(base / 4096);
    }
    rig.machine.dispose();
  });

  it('is zero at first', () => {
    const machine = KvmMachine.create({ memoryBytes: 1 << 20 });
    expect(machine.memory[0].u32.every((word) => word === 0)).toBe(true);
    machine.dispose();
  });

  it('reads zero after dispose, and nothing happens', () => {
    const machine = KvmMachine.create({ memoryBytes: 1 << 20 });
    const { u8 } = machine.memory[0];
    u8[5] = 7;
    machine.dispose();
    machine.dispose();
    expect(u8[5]).toBe(0);
    u8[5] = 8;
  });
});

describeWithKvm('devices', () => {
  const uart = MEMORY_MAP.uart.base;

  it('a program with the UART in its address space writes to the console and reads back, in each width', () => {
    const written: number[] = [];
    const console = { output: (bytes: Uint8Array): void => void written.push(...bytes) };
    const rig = Rig.create({ console });
    const { context, view } = rig.program(
      mov(AL, mem8(RBX, 7)),
      mov(mem8(RBX), AL),
      mov(AX, mem16(RBX, 6)),
      mov(EAX, mem32(RBX, 4)),
      syscall(),
    );
    rig.map(PAGE, uart / PAGE_SIZE, [WRITE, 0]);
    rig.machine.bus.write8((uart + 7) as PhysAddr, 0x56);
    view.set([PAGE, 0], X86.RBX * 2);
    expect(rig.run(context).kind).toBe(TrapKind.Syscall);
    expect(written).toEqual([0x56]);
    rig.machine.dispose();
  });

  it('power off through the finisher ends the next run with Halt', () =>
    withRig((rig) => {
      const { context } = rig.program(jmpShort(0));
      rig.machine.bus.write32(MEMORY_MAP.testFinisher.base as PhysAddr, 0x5555);
      expect(rig.run(context).kind).toBe(TrapKind.Halt);
    }));

  it('where neither memory nor a device is, a load faults with everything as it was', () =>
    withRig((rig) => {
      const { context, view } = rig.program(nop(), mov(RAX, mem64(RBX, 8)), syscall());
      rig.map(PAGE, HOLE / PAGE_SIZE, [WRITE, 0]);
      view.set([PAGE, 0], X86.RBX * 2);
      view.set([1, 2], X86.RAX * 2);
      for (let round = 0; round < 3; round++) {
        const trap = rig.run(context);
        expect([trap.kind, trap.fault, trap.access]).toEqual([TrapKind.Fault, FaultKind.Bus, Access.Read]);
        expect([trap.addressLo, view[X86.RIP * 2], view[X86.RAX * 2]]).toEqual([PAGE + 8, CODE + 1, 1]);
      }
      rig.exchange(PAGE, rig.frame() * PAGE_SIZE + WRITE, 0);
      expect(rig.run(context).kind).toBe(TrapKind.Syscall);
    }));
});

describeWithKvm('page tables', () => {
  /** A program that loads from a page, a system call after each; its second table frame is known. */
  const loader = (rig: Rig) => {
    const { context, view } = rig.program(mov(RAX, mem64(RBX)), syscall(), jmpShort(-5));
    view.set([PAGE, 0], X86.RBX * 2);
    const load = (): number => {
      view.set([CODE, 0], X86.RIP * 2);
      const { kind } = rig.run(context);
      return kind === TrapKind.Syscall ? view[X86.RAX * 2] : -1;
    };
    return { context, load };
  };

  it('a table that was retired can be a table again, with other entries', () =>
    withRig((rig) => {
      const { load } = loader(rig);
      const frames = [rig.frame(), rig.frame()];
      frames.forEach((frame, index) => (rig.words(frame)[0] = 100 + index));
      const table = Math.floor(rig.entry(PAGE) / PAGE_SIZE) as Frame;
      for (let round = 0; round < 6; round++) {
        const words = rig.words(table);
        const kept = words.slice();
        kept[(PAGE / PAGE_SIZE) * 2] = frames[round % 2] * PAGE_SIZE + WRITE;
        rig.machine.mmu.retireTable(table);
        words.fill(0);
        words.set(kept);
        expect(load()).toBe(100 + (round % 2));
      }
    }));

  it('a flush makes every direct change of an address space visible', () =>
    withRig((rig) => {
      const { load } = loader(rig);
      const frame = rig.frame();
      rig.words(frame)[0] = 77;
      rig.map(PAGE, frame, [WRITE, 0]);
      expect(load()).toBe(77);
      rig.map(PAGE, frame, [0, 0]);
      rig.machine.mmu.flushAddressSpace(1 as Asid);
      expect(load()).toBe(-1);
    }));

  it('an address space that is gone takes the machine’s own entries with it, and edits go on', () =>
    withRig((rig) => {
      const { load, context } = loader(rig);
      const frame = rig.frame();
      rig.words(frame)[0] = 5;
      rig.map(PAGE, frame, [WRITE, 0]);
      expect(load()).toBe(5);
      rig.machine.contexts.destroy(context);
      rig.machine.mmu.flushAddressSpace(1 as Asid);
      for (let table = 0; table < 4; table++) rig.machine.mmu.retireTable((rig.root + table) as Frame);
      for (let table = 0; table < 4; table++) rig.words(rig.root + table).fill(0xffffffff);
      const second = new Rig(rig.machine, 64);
      const again = loader(second);
      const other = second.frame();
      second.words(other)[0] = 6;
      second.map(PAGE, other, [WRITE, 0]);
      expect(again.load()).toBe(6);
      second.exchange(PAGE, 0, 0);
      expect(again.load()).toBe(-1);
    }));

  it('batches that renew whole tables give back the old entries and reach every page', () =>
    withRig((rig) => {
      const { load } = loader(rig);
      const frame = rig.frame();
      rig.words(frame)[0] = 9;
      rig.map(PAGE, frame, [WRITE, 0]);
      expect(load()).toBe(9);
      const { machine } = rig;
      const edits = machineEdits(rig, 12);
      machine.mmu.apply(edits);
      expect((edits.oldLo[0] & ~0x60) >>> 0).toBe(frame * PAGE_SIZE + WRITE);
      expect(load()).toBe(-1);
    }));
});

/** Takes the page away together with eleven others that were never there. */
function machineEdits(rig: Rig, count: number): Parameters<KvmMachine['mmu']['apply']>[0] {
  const zero = (): Uint32Array => new Uint32Array(count);
  const indices = Array.from({ length: count }, (_, i) => i);
  return {
    capacity: count,
    count,
    entry: Float64Array.from(indices, (i) => rig.entry(PAGE + i * PAGE_SIZE)),
    virtual: Float64Array.from(indices, (i) => PAGE + i * PAGE_SIZE),
    valueLo: zero(),
    valueHi: zero(),
    asid: zero().fill(1),
    oldLo: zero(),
    oldHi: zero(),
  };
}

describeWithKvm('resources', () => {
  it('workers of further CPUs end with their machine, whatever they run', async () => {
    const threads = (): number => readdirSync('/proc/self/task').length;
    const use = (): void => {
      const rig = Rig.create({ cpus: 3 });
      const { context } = rig.program(jmpShort(0));
      rig.machine.start(1 as CpuId, context, 1_000_000_000 as Instructions);
      rig.machine.dispose();
    };
    use();
    const before = threads();
    for (let i = 0; i < 20; i++) use();
    for (let i = 0; i < 1000 && threads() > before; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(threads()).toBeLessThanOrEqual(before);
  });
});

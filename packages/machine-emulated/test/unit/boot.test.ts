/** Where a boot puts its files, what it hands over, and the device tree that it makes. */
import { describe, expect, it } from '@jest/globals';
import { nodeAt, numberOf, parseFdt, stringOf, stringsOf, cellsOf, type FdtTree } from '@veridian-os/hal';
import { EmulatedMachine, MEMORY_MAP } from '../../src/index.js';
import { Assembler, elfImage, REG } from '../../src/testing.js';
import { FW_DYNAMIC_AT, handoffRom, planBoot } from '../../src/boot/system-boot.js';

const RAM = 0x8000_0000;
const MEGABYTE = 1 << 20;
const UNIT = 2 * MEGABYTE;
const ram = { base: RAM, bytes: 256 * MEGABYTE };
const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(1);

/** A Linux Image of 100 bytes that wants `memory` at `offset`. */
function image(offset: number, memory: number): Uint8Array {
  const file = bytes(100);
  const view = new DataView(file.buffer);
  view.setBigUint64(8, BigInt(offset), true);
  view.setBigUint64(16, BigInt(memory), true);
  view.setUint32(56, 0x05435352, true);
  return file;
}

describe('the plan of a boot', () => {
  const place = (images: Parameters<typeof planBoot>[1], size = ram) => {
    const { pieces, ...rest } = planBoot(size, images, 4096);
    return { ...rest, at: Object.fromEntries(pieces.map(({ name, piece }) => [name, piece.address])) };
  };

  it('puts firmware at the start, a raw kernel 2 MiB further, the tree below the end', () => {
    const plan = place({ bios: bytes(1000), kernel: bytes(1000) });
    expect(plan.at).toEqual({ bios: RAM, kernel: RAM + UNIT });
    expect(plan).toMatchObject({ entry: RAM, next: RAM + UNIT, initrd: undefined });
    expect(plan.fdtAddress).toBe(RAM + 256 * MEGABYTE - UNIT);
  });

  it('puts a kernel behind the end of larger firmware', () => {
    expect(place({ bios: bytes(UNIT), kernel: bytes(1) }).at.kernel).toBe(RAM + UNIT);
    expect(place({ bios: bytes(UNIT + 1), kernel: bytes(1) }).at.kernel).toBe(RAM + 2 * UNIT);
  });

  it("follows an Image's text_offset and ELF files' addresses", () => {
    const far = image(3 * UNIT, MEGABYTE);
    expect(place({ bios: bytes(10), kernel: far })).toMatchObject({ at: { kernel: RAM + 3 * UNIT } });
    expect(place({ bios: bytes(10), kernel: image(0, MEGABYTE) })).toMatchObject({ at: { kernel: RAM + UNIT } });
    const bios = elfImage(bytes(8), RAM + 4096, RAM + 4100);
    const kernel = elfImage(bytes(8), RAM + 5 * UNIT, RAM + 5 * UNIT + 4);
    const plan = place({ bios, kernel });
    expect(plan).toMatchObject({ entry: RAM + 4100, next: RAM + 5 * UNIT + 4 });
    expect(plan.at).toEqual({ bios: RAM + 4096, kernel: RAM + 5 * UNIT });
  });

  it('enters a kernel without firmware in its first byte', () => {
    expect(place({ kernel: bytes(10) })).toMatchObject({ entry: RAM, next: 0 });
  });

  it('keeps the RAM disk away from the kernel, its zeroes included, and from the tree', () => {
    const kernel = image(UNIT, 40 * MEGABYTE);
    const roomy = place({ bios: bytes(10), kernel, initrd: bytes(5000) });
    expect(roomy.initrd).toEqual({ start: RAM + UNIT + 128 * MEGABYTE, end: RAM + UNIT + 128 * MEGABYTE + 5000 });
    const narrow = { base: RAM, bytes: 64 * MEGABYTE };
    const close = place({ bios: bytes(10), kernel, initrd: bytes(5000) }, narrow);
    expect(close.initrd?.start).toBe(RAM + UNIT + 40 * MEGABYTE);
    const large = { bios: bytes(10), kernel, initrd: bytes(30 * MEGABYTE) };
    expect(() => place(large, narrow)).toThrow(/^initrd: expected at most \d+ bytes/);
  });

  it('refuses what overlaps or is not there', () => {
    expect(() => place({})).toThrow(/^bios: expected bios or kernel/);
    const kernel = elfImage(bytes(8), RAM + 4096, RAM + 4096);
    expect(() => place({ bios: bytes(5000), kernel })).toThrow(/^bios: expected it to end below kernel/);
    expect(() => place({ bios: bytes(256 * MEGABYTE) })).toThrow(/^bios: expected it to end below the device tree/);
  });
});

describe('a machine after boot', () => {
  const code = new Assembler(RAM).i('ld', REG.t1, REG.a2, 0).op('wfi').finish();
  const images = {
    bios: code,
    initrd: bytes(100),
    commandLine: 'a=1',
    rngSeed: Uint8Array.of(1, 2, 3, 4, 255, 6, 7, 8),
  };
  const virtio: [] = [];
  const machine = EmulatedMachine.create({ memoryBytes: 16 * MEGABYTE, codePages: 32, virtio });
  machine.boot(images);
  const x = (register: number): number => machine.system.registers[register * 2];

  it('has what the boot ROM hands over', () => {
    expect([x(10), x(11), x(12)]).toEqual([0, x(11), MEMORY_MAP.bootRom.base + FW_DYNAMIC_AT]);
    machine.system.run(2);
    expect(x(6)).toBe(0x4942534f);
  });

  it("finds in the ROM the code that QEMU's has", () => {
    const rom = handoffRom({ entry: RAM, next: RAM + UNIT, fdtAddress: RAM + 4096 });
    const view = new DataView(rom.buffer);
    expect(view.getUint32(20, true)).toBe(0x28067);
    const words = Array.from({ length: 8 }, (_, i) => Number(view.getBigUint64(24 + 8 * i, true)));
    expect(words).toEqual([RAM, RAM + 4096, 0x4942534f, 2, RAM + UNIT, 1, 0, 0]);
  });

  it('has a device tree of the files and the board', () => {
    const at = x(11) - RAM;
    const tree = parseFdt(machine.memory[0].u8.subarray(at, at + 16384)) as FdtTree;
    const chosen = nodeAt(tree, '/chosen')!;
    expect(stringOf(chosen, 'bootargs')).toBe('a=1');
    const [[, start], [, end]] = ['start', 'end'].map((name) => cellsOf(chosen, `linux,initrd-${name}`)!);
    expect(end - start).toBe(100);
    expect([...machine.memory[0].u8.subarray(start - RAM - 1, end - RAM + 1)]).toEqual([0, ...bytes(100), 0]);
    expect(cellsOf(chosen, 'rng-seed')).toEqual([0x01020304, 0xff060708]);
    expect(stringOf(chosen, 'stdout-path')).toBe('/soc/serial@10000000');
    for (let slot = 0; slot < 8; slot++) {
      const node = nodeAt(tree, `/soc/virtio_mmio@${(0x1000_1000 + slot * 4096).toString(16)}`)!;
      expect([stringOf(node, 'compatible'), numberOf(node, 'interrupts')]).toEqual(['virtio,mmio', slot + 1]);
    }
    const cpu = nodeAt(tree, '/cpus/cpu@0')!;
    expect(stringOf(cpu, 'riscv,isa-base')).toBe('rv64i');
    expect(stringOf(cpu, 'mmu-type')).toBe('riscv,sv57');
    const single = stringOf(cpu, 'riscv,isa')!.split('_');
    expect([...single[0].slice(4), ...single.slice(1)]).toEqual(stringsOf(cpu, 'riscv,isa-extensions'));
  });

  it('answers at empty virtio places with device 0', () => {
    const read = (offset: number): number => machine.bus.read32((0x1000_8000 + offset) as never);
    expect([read(0), read(4), read(8)]).toEqual([0x74726976, 2, 0]);
  });
});

describe('time of an idle hart', () => {
  /** Enables the timer's interrupt, sets it 1 ms ahead, waits, stops. */
  const wait = new Assembler(RAM)
    .li(REG.t0, 0x200_bff8)
    .i('ld', REG.t1, REG.t0, 0)
    .li(REG.t2, 10_000)
    .r('add', REG.t1, REG.t1, REG.t2)
    .li(REG.t0, 0x200_4000)
    .s('sd', REG.t1, REG.t0, 0)
    .li(REG.t0, 0x80)
    .op('csrrs', { rd: 0, rs1: REG.t0, csr: 0x304 })
    .op('wfi')
    .li(REG.t0, 0x10_0000)
    .li(REG.t1, 0x5555)
    .s('sw', REG.t1, REG.t0, 0)
    .finish();

  it('is skipped, or left to whoever runs the machine', () => {
    for (const skips of [true, false]) {
      const machine = EmulatedMachine.create({ memoryBytes: 16 * MEGABYTE, codePages: 32 });
      const { system, clock } = machine;
      machine.boot({ bios: wait });
      if (!skips) {
        expect(system.run(1000, false).kind).toBe('idle');
        expect(system.untilWake).toBeGreaterThan(990_000);
        expect(system.run(1000, false)).toMatchObject({ kind: 'idle', consumed: 0 });
        expect(system.skipIdle()).toBe(true);
      }
      expect(system.run(1000, skips).kind).toBe('stopped');
      expect(clock.now()).toBeGreaterThanOrEqual(1_000_000);
      expect(clock.now()).toBeLessThan(1_010_000);
    }
  });

  it("ends with the real-time clock's alarm", () => {
    const epochNs = 1_700_000_000_123_456_789n;
    const machine = EmulatedMachine.create({ memoryBytes: 16 * MEGABYTE, codePages: 32, epochNs });
    machine.boot({ bios: new Assembler(RAM).label('l').op('wfi').to('jal', 'l', { rd: 0 }).finish() });
    const rtc = MEMORY_MAP.rtc.base;
    const low = machine.bus.read32(rtc as never);
    expect((BigInt(machine.bus.read32((rtc + 4) as never)) << 32n) | BigInt(low)).toBe(epochNs);
    const alarm = epochNs + 5_000_000_000n;
    machine.bus.write32((rtc + 12) as never, Number(alarm >> 32n));
    machine.bus.write32((rtc + 8) as never, Number(alarm & 0xffffffffn));
    expect(machine.bus.read32((rtc + 24) as never)).toBe(1);
    expect(machine.system.untilWake).toBe(5_000_000_000);
    expect(machine.system.run(1000).kind).toBe('idle');
    expect(machine.bus.read32((rtc + 24) as never)).toBe(0);
    expect(machine.clock.now()).toBeGreaterThanOrEqual(5_000_000_000);
  });
});

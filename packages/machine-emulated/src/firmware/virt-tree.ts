/** The device tree of this machine: QEMU's `virt` board with what is built in. */
import type { RamOptions } from '../api.js';
import { MEMORY_MAP, RTC_SOURCE, TIMEBASE_HZ, UART_SOURCE, VIRTIO_SLOTS } from '../api.js';
import { FdtWriter } from '@veridian-os/hal';

const TWO_32 = 4294967296;
const CPU_PHANDLE = 1;
const PLIC_PHANDLE = 2;
const FINISHER_PHANDLE = 3;
/** Plus the CPU's number, for all but the first. Devices interrupt the first only. */
const OTHER_CPU_PHANDLES = 100;

/** 64-bit value as two cells. */
function wide(value: number): number[] {
  return [Math.floor(value / TWO_32), value >>> 0];
}

function reg(range: { base: number; length: number }): number[] {
  return [...wide(range.base), ...wide(range.length)];
}

/** Beyond single letters, in canonical order (unprivileged specification, "ISA Extension Naming Conventions"). */
const EXTENSIONS = [
  ...['zicbom', 'zicboz', 'zicntr', 'zicond', 'zicsr', 'zifencei', 'zihintpause', 'zacas', 'zfa'],
  ...['zba', 'zbb', 'zbc', 'zbs', 'sstc', 'svadu', 'svinval', 'svnapot', 'svpbmt'],
];
/** Bytes that the cbo instructions act on; assembly/cache-block.ts. */
const CACHE_BLOCK = 64;

function hex(value: number): string {
  return value.toString(16);
}

/** What the node /chosen tells a kernel. */
export interface Chosen {
  readonly commandLine: string;
  /** First byte of the initial RAM disk, and the one behind its last. */
  readonly initrd?: { readonly start: number; readonly end: number };
  /** Entropy, a multiple of 4 bytes. */
  readonly rngSeed?: Uint8Array;
}

function chosen(tree: FdtWriter, { commandLine, initrd, rngSeed }: Chosen): void {
  tree.begin('chosen').property('bootargs', commandLine);
  tree.property('stdout-path', `/soc/serial@${hex(MEMORY_MAP.uart.base)}`);
  if (initrd !== undefined) {
    tree.property('linux,initrd-start', wide(initrd.start)).property('linux,initrd-end', wide(initrd.end));
  }
  if (rngSeed !== undefined) {
    const view = new DataView(rngSeed.buffer, rngSeed.byteOffset, rngSeed.byteLength);
    tree.property(
      'rng-seed',
      Array.from({ length: rngSeed.length / 4 }, (_, i) => view.getUint32(i * 4)),
    );
  }
  tree.end();
}

function cpus(tree: FdtWriter, count: number): void {
  tree.begin('cpus').property('#address-cells', [1]).property('#size-cells', [0]);
  tree.property('timebase-frequency', [TIMEBASE_HZ]);
  for (let id = 0; id < count; id++) cpu(tree, id);
  tree.end();
}

function cpu(tree: FdtWriter, id: number): void {
  tree.begin(`cpu@${id}`).property('device_type', 'cpu').property('reg', [id]).property('status', 'okay');
  tree.property('compatible', ['riscv']).property('riscv,isa', ['rv64imafdc', ...EXTENSIONS].join('_'));
  tree.property('riscv,isa-base', 'rv64i').property('riscv,isa-extensions', [...'imafdc', ...EXTENSIONS]);
  tree.property('riscv,cbom-block-size', [CACHE_BLOCK]).property('riscv,cboz-block-size', [CACHE_BLOCK]);
  tree.property('mmu-type', 'riscv,sv57');
  tree.begin('interrupt-controller').property('#interrupt-cells', [1]).property('interrupt-controller', null);
  tree
    .property('#address-cells', [0])
    .property('compatible', 'riscv,cpu-intc')
    .property('phandle', [id === 0 ? CPU_PHANDLE : OTHER_CPU_PHANDLES + id])
    .end();
  tree.end();
}

function memory(tree: FdtWriter, ram: readonly Required<RamOptions>[]): void {
  for (const piece of ram) {
    tree.begin(`memory@${hex(piece.base)}`).property('device_type', 'memory');
    tree
      .property('reg', reg({ base: piece.base, length: piece.bytes }))
      .property('numa-node-id', [piece.node])
      .end();
  }
}

function interruptDevices(tree: FdtWriter): void {
  const { clint, plic } = MEMORY_MAP;
  tree.begin(`clint@${hex(clint.base)}`).property('compatible', ['sifive,clint0', 'riscv,clint0']);
  tree.property('interrupts-extended', [CPU_PHANDLE, 3, CPU_PHANDLE, 7]).property('reg', reg(clint)).end();
  tree.begin(`interrupt-controller@${hex(plic.base)}`).property('compatible', ['sifive,plic-1.0.0', 'riscv,plic0']);
  tree.property('interrupts-extended', [CPU_PHANDLE, 11, CPU_PHANDLE, 9]).property('reg', reg(plic));
  tree.property('#interrupt-cells', [1]).property('#address-cells', [0]).property('interrupt-controller', null);
  tree.property('riscv,ndev', [95]).property('phandle', [PLIC_PHANDLE]).end();
}

function deviceNode(
  tree: FdtWriter,
  name: string,
  range: { base: number; length: number },
  compatible: string,
  source: number,
): void {
  tree
    .begin(`${name}@${hex(range.base)}`)
    .property('compatible', compatible)
    .property('reg', reg(range))
    .property('interrupts', [source])
    .property('interrupt-parent', [PLIC_PHANDLE])
    .end();
}

function soc(tree: FdtWriter): void {
  const { uart, testFinisher } = MEMORY_MAP;
  tree.begin('soc').property('#address-cells', [2]).property('#size-cells', [2]);
  tree.property('compatible', 'simple-bus').property('ranges', null);
  interruptDevices(tree);
  tree
    .begin(`serial@${hex(uart.base)}`)
    .property('compatible', 'ns16550a')
    .property('reg', reg(uart));
  tree.property('clock-frequency', [3686400]).property('interrupt-parent', [PLIC_PHANDLE]);
  tree.property('interrupts', [UART_SOURCE]).end();
  deviceNode(tree, 'rtc', MEMORY_MAP.rtc, 'google,goldfish-rtc', RTC_SOURCE);
  for (let slot = 0; slot < VIRTIO_SLOTS; slot++) {
    const { base, length, stride } = MEMORY_MAP.virtio;
    deviceNode(tree, 'virtio_mmio', { base: base + slot * stride, length }, 'virtio,mmio', slot + 1);
  }
  tree.begin(`test@${hex(testFinisher.base)}`).property('compatible', ['sifive,test1', 'sifive,test0', 'syscon']);
  tree.property('reg', reg(testFinisher)).property('phandle', [FINISHER_PHANDLE]).end();
  tree.end();
}

function power(tree: FdtWriter): void {
  for (const [name, value] of Object.entries({ poweroff: 0x5555, reboot: 0x7777 })) {
    tree.begin(name).property('compatible', `syscon-${name}`).property('regmap', [FINISHER_PHANDLE]);
    tree.property('offset', [0]).property('value', [value]).end();
  }
}

/** Builds the blob. */
export function virtTree(ram: readonly Required<RamOptions>[], what: Chosen, cpuCount: number): Uint8Array {
  const tree = new FdtWriter();
  tree.begin('').property('#address-cells', [2]).property('#size-cells', [2]);
  tree.property('compatible', 'riscv-virtio').property('model', 'riscv-virtio,veridian');
  chosen(tree, what);
  cpus(tree, cpuCount);
  memory(tree, ram);
  soc(tree);
  power(tree);
  return tree.end().finish();
}

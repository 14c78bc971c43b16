/** The device tree of this machine: an x86-64 processor beside the devices of QEMU's `virt` board. */
import { FdtWriter } from '@veridian-os/hal';
import { MEMORY_MAP, UART_SOURCE } from './api.js';
import type { RamPiece } from './internal/options.js';

const TWO_32 = 4294967296;
const PLIC_PHANDLE = 2;
const FINISHER_PHANDLE = 3;
/** Interrupt sources of the controller. */
export const PLIC_SOURCES = 31;

function wide(value: number): number[] {
  return [Math.floor(value / TWO_32), value >>> 0];
}

function reg({ base, length }: { readonly base: number; readonly length: number }): number[] {
  return [...wide(base), ...wide(length)];
}

function hex(value: number): string {
  return value.toString(16);
}

function cpus(tree: FdtWriter, count: number): void {
  tree.begin('cpus').property('#address-cells', [1]).property('#size-cells', [0]);
  tree.property('timebase-frequency', [1_000_000_000]);
  for (let cpu = 0; cpu < count; cpu++) {
    tree.begin(`cpu@${cpu}`).property('device_type', 'cpu').property('reg', [cpu]).property('status', 'okay');
    tree.property('compatible', ['x86,x86-64']).property('mmu-type', 'x86,4-level').end();
  }
  tree.end();
}

function soc(tree: FdtWriter): void {
  const { plic, uart, testFinisher } = MEMORY_MAP;
  tree.begin('soc').property('#address-cells', [2]).property('#size-cells', [2]);
  tree.property('compatible', 'simple-bus').property('ranges', null);
  tree.begin(`interrupt-controller@${hex(plic.base)}`).property('compatible', ['sifive,plic-1.0.0', 'riscv,plic0']);
  tree.property('reg', reg(plic)).property('#interrupt-cells', [1]).property('#address-cells', [0]);
  tree.property('interrupt-controller', null).property('riscv,ndev', [PLIC_SOURCES]);
  tree.property('phandle', [PLIC_PHANDLE]).end();
  tree
    .begin(`serial@${hex(uart.base)}`)
    .property('compatible', 'ns16550a')
    .property('reg', reg(uart));
  tree.property('clock-frequency', [3686400]).property('interrupt-parent', [PLIC_PHANDLE]);
  tree.property('interrupts', [UART_SOURCE]).end();
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
export function kvmTree(ram: readonly RamPiece[], cpuCount: number, commandLine: string): Uint8Array {
  const tree = new FdtWriter();
  tree.begin('').property('#address-cells', [2]).property('#size-cells', [2]);
  tree.property('compatible', 'veridian,kvm').property('model', 'veridian,kvm');
  tree.begin('chosen').property('bootargs', commandLine);
  tree.property('stdout-path', `/soc/serial@${hex(MEMORY_MAP.uart.base)}`).end();
  cpus(tree, cpuCount);
  for (const piece of ram) {
    tree.begin(`memory@${hex(piece.base)}`).property('device_type', 'memory');
    tree.property('reg', reg(piece)).property('numa-node-id', [0]).end();
  }
  soc(tree);
  power(tree);
  return tree.end().finish();
}

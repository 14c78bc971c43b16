/** The device tree of a machine: its CPUs, its memory, and the device models of the board. */
import type { MemoryRegion } from '@veridian-os/abi';
import { FdtWriter, type Isa } from '@veridian-os/hal';
import type { BoardMap } from './board.js';
import { PLIC_SOURCES, UART_SOURCE } from './board.js';

const TWO_32 = 4294967296;
const PLIC_PHANDLE = 1;
const FINISHER_PHANDLE = 2;
const FIRST_CPU_PHANDLE = 16;
const TIMEBASE_HZ = 10_000_000;
/** What QEMU's `rv64` CPU has and the monitor lets user mode use. */
const RISCV_ISA = 'rv64imafdc_zicsr_zifencei_zba_zbb_zbc_zbs';

const wide = (value: number): number[] => [Math.floor(value / TWO_32), value >>> 0];
const reg = ({ base, length }: { base: number; length: number }): number[] => [...wide(base), ...wide(length)];
const hex = (value: number): string => value.toString(16);

export interface TreeParts {
  readonly isa: Isa;
  readonly cpus: number;
  readonly memory: readonly MemoryRegion[];
  readonly map: BoardMap;
  readonly commandLine: string;
}

/** Builds the blob. */
export function boardTree(parts: TreeParts): Uint8Array {
  const tree = new FdtWriter();
  tree.begin('').property('#address-cells', [2]).property('#size-cells', [2]);
  tree.property('compatible', 'veridian,qemu').property('model', `veridian,qemu-${parts.isa}`);
  tree.begin('chosen').property('bootargs', parts.commandLine);
  tree.property('stdout-path', `/soc/serial@${hex(parts.map.uart.base)}`).end();
  cpus(tree, parts);
  memory(tree, parts.memory);
  soc(tree, parts);
  return tree.end().finish();
}

function cpus(tree: FdtWriter, { isa, cpus: count }: TreeParts): void {
  tree.begin('cpus').property('#address-cells', [1]).property('#size-cells', [0]);
  if (isa === 'riscv64') tree.property('timebase-frequency', [TIMEBASE_HZ]);
  for (let i = 0; i < count; i++) {
    tree.begin(`cpu@${i}`).property('device_type', 'cpu').property('reg', [i]).property('status', 'okay');
    if (isa === 'riscv64') riscvCpu(tree, i);
    else tree.property('compatible', isa === 'aarch64' ? 'arm,armv8' : 'x86-64');
    tree.end();
  }
  tree.end();
}

function riscvCpu(tree: FdtWriter, index: number): void {
  tree.property('compatible', 'riscv').property('riscv,isa', RISCV_ISA).property('mmu-type', 'riscv,sv39');
  tree.begin('interrupt-controller').property('#interrupt-cells', [1]).property('interrupt-controller', null);
  tree.property('#address-cells', [0]).property('compatible', 'riscv,cpu-intc');
  tree.property('phandle', [FIRST_CPU_PHANDLE + index]).end();
}

function memory(tree: FdtWriter, regions: readonly MemoryRegion[]): void {
  for (const { base, length, node } of regions) {
    tree
      .begin(`memory@${hex(base)}`)
      .property('device_type', 'memory')
      .property('reg', reg({ base, length }));
    tree.property('numa-node-id', [node]).end();
  }
}

function soc(tree: FdtWriter, { isa, map }: TreeParts): void {
  const { uart, testFinisher, plic } = map;
  tree.begin('soc').property('#address-cells', [2]).property('#size-cells', [2]);
  tree.property('compatible', 'simple-bus').property('ranges', null);
  tree
    .begin(`serial@${hex(uart.base)}`)
    .property('compatible', 'ns16550a')
    .property('reg', reg(uart));
  tree.property('clock-frequency', [3686400]).property('interrupt-parent', [PLIC_PHANDLE]);
  tree.property('interrupts', [UART_SOURCE]).end();
  tree.begin(`test@${hex(testFinisher.base)}`).property('compatible', ['sifive,test1', 'sifive,test0', 'syscon']);
  tree.property('reg', reg(testFinisher)).property('phandle', [FINISHER_PHANDLE]).end();
  tree.begin(`interrupt-controller@${hex(plic.base)}`).property('compatible', ['sifive,plic-1.0.0', 'riscv,plic0']);
  if (isa === 'riscv64') tree.property('interrupts-extended', [FIRST_CPU_PHANDLE, 11, FIRST_CPU_PHANDLE, 9]);
  tree.property('reg', reg(plic)).property('#interrupt-cells', [1]).property('#address-cells', [0]);
  tree
    .property('interrupt-controller', null)
    .property('riscv,ndev', [PLIC_SOURCES])
    .property('phandle', [PLIC_PHANDLE]);
  tree.end().end();
  for (const [name, value] of Object.entries({ poweroff: 0x5555, reboot: 0x7777 })) {
    tree.begin(name).property('compatible', `syscon-${name}`).property('regmap', [FINISHER_PHANDLE]);
    tree.property('offset', [0]).property('value', [value]).end();
  }
}

/**
 * What a machine consists of, from its firmware tables: the kernel's first boot stage.
 *
 * The description is plain data in ascending order of address; whoever needs more of a device takes its node from the
 * tree by `path`.
 */
import type { Firmware } from './machine.js';
import { parseFdt, type FdtNode, type FdtTree } from './fdt.js';
import { interruptsOf, isEnabled, localReg, nodeAt, numberOf, regOf, stringOf, stringsOf } from './fdt-properties.js';

export interface CpuDescription {
  /** Hardware id (hart id, MPIDR, APIC id). */
  readonly id: number;
  /** ISA as the firmware writes it: `'rv64imafdc_zicsr_zifencei'`; empty when it does not. */
  readonly isa: string;
  /** `'sv39'`, ... ; empty when absent. */
  readonly mmu: string;
  /** Bytes that RISC-V's cbo.zero clears, and that its other cache-block operations act on; 0 when absent. */
  readonly cbozBlockBytes: number;
  readonly cbomBlockBytes: number;
  readonly compatible: readonly string[];
  readonly node: number;
}

export interface MemoryDescription {
  readonly base: number;
  readonly length: number;
  /** NUMA node. */
  readonly node: number;
}

export interface DeviceDescription {
  /** Where the firmware describes it: `'/soc/serial@10000000'`. */
  readonly path: string;
  /** Most specific first. */
  readonly compatible: readonly string[];
  /** First register range. */
  readonly base: number;
  readonly length: number;
  /** Source at the machine's interrupt controller, 0 = none. */
  readonly interrupt: number;
}

export interface HardwareDescription {
  /** `model` of the root, or its first `compatible`. */
  readonly model: string;
  readonly cpus: readonly CpuDescription[];
  readonly bootCpu: number;
  readonly memory: readonly MemoryDescription[];
  /** Memory that must not be handed out: reservation block and `/reserved-memory`. */
  readonly reserved: readonly MemoryDescription[];
  readonly devices: readonly DeviceDescription[];
  /** Ticks per second of the time register; 0 when absent. */
  readonly timebaseFrequency: number;
  /** Path of the console device; empty when firmware names none. */
  readonly consolePath: string;
  readonly bootArguments: string;
}

/**
 * Describes a machine.
 * @throws RangeError `firmware.kind` or `firmware.blob` when it is not a well-formed device tree, or one without CPUs or
 * memory
 */
export function describeHardware(firmware: Firmware): HardwareDescription {
  if (firmware.kind !== 'fdt') throw new RangeError(`firmware.kind: expected 'fdt', got '${firmware.kind}'`);
  const tree = parseFdt(firmware.blob);
  if (!tree.ok) throw new RangeError(`firmware.blob: ${tree.message} (byte ${tree.offset})`);
  const cpus = describeCpus(tree);
  const memory = describeMemory(tree);
  if (cpus.length === 0) throw new RangeError('firmware.blob: expected at least one enabled cpu node, got none');
  if (memory.length === 0) throw new RangeError('firmware.blob: expected at least one memory range, got none');
  const chosen = nodeAt(tree, '/chosen');
  return {
    model: stringOf(tree.root, 'model') ?? stringOf(tree.root, 'compatible') ?? '',
    cpus,
    bootCpu: tree.bootCpu,
    memory,
    reserved: describeReserved(tree),
    devices: describeDevices(tree),
    timebaseFrequency: timebase(tree),
    consolePath: chosen === undefined ? '' : consolePath(tree, chosen),
    bootArguments: (chosen && stringOf(chosen, 'bootargs')) ?? '',
  };
}

const isOfType = (node: FdtNode, type: string): boolean => stringOf(node, 'device_type') === type;

function describeCpus(tree: FdtTree): CpuDescription[] {
  return tree.nodes
    .filter((node) => isOfType(node, 'cpu') && node.parent?.path === '/cpus' && isEnabled(node))
    .map((node) => ({
      id: localReg(node)?.[0]?.base ?? 0,
      isa: isaOf(node),
      mmu: (stringOf(node, 'mmu-type') ?? '').replace(/^riscv,/, ''),
      cbozBlockBytes: numberOf(node, 'riscv,cboz-block-size') ?? 0,
      cbomBlockBytes: numberOf(node, 'riscv,cbom-block-size') ?? 0,
      compatible: stringsOf(node, 'compatible'),
      node: numberOf(node, 'numa-node-id') ?? 0,
    }));
}

/** The old single string, or the new base and list of extensions joined to the old form. */
function isaOf(node: FdtNode): string {
  const base = stringOf(node, 'riscv,isa-base');
  const old = stringOf(node, 'riscv,isa');
  if (old !== undefined || base === undefined) return old ?? '';
  const extensions = stringsOf(node, 'riscv,isa-extensions');
  const single = extensions.filter((name) => name.length === 1 && !base.endsWith(name)).join('');
  return [base + single, ...extensions.filter((name) => name.length > 1)].join('_');
}

function timebase(tree: FdtTree): number {
  const holders = tree.nodes.filter((node) => node.path === '/cpus' || node.parent?.path === '/cpus');
  return holders.map((node) => numberOf(node, 'timebase-frequency')).find((value) => value !== undefined) ?? 0;
}

function describeMemory(tree: FdtTree): MemoryDescription[] {
  return tree.nodes
    .filter((node) => isOfType(node, 'memory') && isEnabled(node))
    .flatMap(rangesWithNode)
    .sort(byBase);
}

function describeReserved(tree: FdtTree): MemoryDescription[] {
  const nodes = tree.nodes.filter((node) => node.parent?.path === '/reserved-memory' && isEnabled(node));
  const block = tree.reservations.map(({ base, length }) => ({ base, length, node: 0 }));
  return [...block, ...nodes.flatMap(rangesWithNode)].sort(byBase);
}

function rangesWithNode(node: FdtNode): MemoryDescription[] {
  const numa = numberOf(node, 'numa-node-id') ?? 0;
  return (regOf(node) ?? [])
    .filter(({ length }) => length > 0)
    .map(({ base, length }) => ({ base, length, node: numa }));
}

const byBase = (a: { readonly base: number }, b: { readonly base: number }): number => a.base - b.base;

function describeDevices(tree: FdtTree): DeviceDescription[] {
  const devices: DeviceDescription[] = [];
  for (const node of tree.nodes) {
    const compatible = stringsOf(node, 'compatible');
    if (compatible.length === 0 || !isEnabled(node) || node.path.startsWith('/reserved-memory')) continue;
    const range = regOf(node)?.[0];
    if (range === undefined || range.length === 0) continue;
    devices.push({ path: node.path, compatible, ...range, interrupt: externalInterrupt(tree, node) });
  }
  return devices.sort(byBase);
}

/**
 * Source number of a device's first interrupt at the machine's controller. Wires to a CPU's own controller (timers,
 * software interrupts, the controller's outputs) are not sources: such a controller has no registers.
 */
function externalInterrupt(tree: FdtTree, node: FdtNode): number {
  const first = interruptsOf(tree, node).find(({ controller }) => regOf(controller) !== undefined);
  if (first === undefined) return 0;
  const [kind = 0, number = 0] = first.cells;
  // Three cells are a GIC's: kind (0 shared, 1 private), number, flags.
  return first.cells.length === 3 ? number + (kind === 0 ? 32 : 16) : kind;
}

/** `stdout-path`, without its options and with a leading alias resolved. */
function consolePath(tree: FdtTree, chosen: FdtNode): string {
  const path = (stringOf(chosen, 'stdout-path') ?? '').split(':')[0];
  const aliases = nodeAt(tree, '/aliases');
  return path.startsWith('/') || aliases === undefined ? path : (stringOf(aliases, path) ?? '');
}

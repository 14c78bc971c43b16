/**
 * What device-tree properties mean: text, cells, addresses, interrupts.
 *
 * Values of a wrong shape read as absent: a property with half a cell, an address that fits no number, a missing parent.
 * Source: Devicetree Specification 0.4, chapters 2 and 3
 */
import { readCell, type FdtNode, type FdtTree } from './fdt.js';

/** An address range in the address space of the CPUs. */
export interface FdtRange {
  readonly base: number;
  /** 0 where the bus has no sizes (cpu numbers). */
  readonly length: number;
}

/** One interrupt of a device: the controller's node and the cells that it understands. */
export interface FdtInterrupt {
  readonly controller: FdtNode;
  readonly cells: readonly number[];
}

/** Deepest chain of buses or interrupt parents that is followed (the parser allows 64 levels). */
const MAX_CHAIN = 64;

/** All 32-bit cells of a property; undefined when it is absent or not made of cells. */
export function cellsOf(node: FdtNode, property: string): number[] | undefined {
  const value = node.properties.get(property);
  if (value === undefined || value.length % 4 !== 0) return undefined;
  return Array.from({ length: value.length / 4 }, (_, index) => readCell(value, index));
}

/** A number of one cell or two (below 2^53). */
export function numberOf(node: FdtNode, property: string): number | undefined {
  const cells = cellsOf(node, property);
  return cells === undefined || cells.length < 1 || cells.length > 2 ? undefined : joinCells(cells, 0, cells.length);
}

/** The strings of a string list; empty when absent. */
export function stringsOf(node: FdtNode, property: string): string[] {
  const value = node.properties.get(property);
  if (value === undefined || value.length === 0 || value[value.length - 1] !== 0) return [];
  return Array.from(value.subarray(0, -1), (byte) => String.fromCharCode(byte))
    .join('')
    .split('\0');
}

export function stringOf(node: FdtNode, property: string): string | undefined {
  return stringsOf(node, property)[0];
}

/** False for a node that says `status = "disabled"` or the like. */
export function isEnabled(node: FdtNode): boolean {
  const status = stringOf(node, 'status');
  return status === undefined || status === 'okay' || status === 'ok';
}

/** The node at an absolute path, or undefined. */
export function nodeAt(tree: FdtTree, path: string): FdtNode | undefined {
  return tree.nodes.find((node) => node.path === path);
}

/**
 * `reg` in the address space of the CPUs, translated through each bus's `ranges`.
 * @returns undefined when the node has none or an address does not reach the CPUs (I2C, PCI, a bus without `ranges`)
 */
export function regOf(node: FdtNode): FdtRange[] | undefined {
  const local = localReg(node);
  if (local === undefined) return undefined;
  const ranges: FdtRange[] = [];
  for (const { base, length } of local) {
    const translated = translate(node.parent, base, length);
    if (translated === undefined) return undefined;
    ranges.push({ base: translated, length });
  }
  return ranges;
}

/** `reg` as it is written, in the parent's address space. */
export function localReg(node: FdtNode): FdtRange[] | undefined {
  const cells = cellsOf(node, 'reg');
  if (cells === undefined || node.parent === undefined) return undefined;
  const addressCells = cellCount(node.parent, '#address-cells', 2);
  const sizeCells = cellCount(node.parent, '#size-cells', 1);
  const stride = addressCells + sizeCells;
  if (addressCells < 1 || addressCells > 2 || sizeCells > 2 || cells.length === 0 || cells.length % stride !== 0) {
    return undefined;
  }
  const ranges: FdtRange[] = [];
  for (let at = 0; at < cells.length; at += stride) {
    const base = joinCells(cells, at, addressCells);
    const length = joinCells(cells, at + addressCells, sizeCells);
    if (base === undefined || length === undefined || !Number.isSafeInteger(base + length)) return undefined;
    ranges.push({ base, length });
  }
  return ranges;
}

function cellCount(node: FdtNode, property: string, byDefault: number): number {
  return numberOf(node, property) ?? byDefault;
}

/** `count` (0 to 2) cells as a number; undefined from 2^53 on. */
function joinCells(cells: readonly number[], at: number, count: number): number | undefined {
  let value = 0;
  for (let index = 0; index < count; index++) value = value * 2 ** 32 + cells[at + index];
  return Number.isSafeInteger(value) ? value : undefined;
}

/** An address of `bus`'s children as the CPUs see it. */
function translate(bus: FdtNode | undefined, address: number, length: number): number | undefined {
  let value = address;
  let at = bus;
  for (let level = 0; level < MAX_CHAIN && at !== undefined; level++) {
    if (at.parent === undefined) return value; // the root's children are in the CPUs' address space
    const ranges = cellsOf(at, 'ranges');
    if (ranges === undefined) return undefined;
    if (ranges.length > 0) {
      const moved = throughRanges(at, at.parent, ranges, value, length);
      if (moved === undefined) return undefined;
      value = moved;
    }
    at = at.parent;
  }
  return undefined;
}

function throughRanges(
  bus: FdtNode,
  parent: FdtNode,
  ranges: readonly number[],
  address: number,
  length: number,
): number | undefined {
  const childCells = cellCount(bus, '#address-cells', 2);
  const parentCells = cellCount(parent, '#address-cells', 2);
  const sizeCells = cellCount(bus, '#size-cells', 1);
  if (childCells < 1 || childCells > 2 || parentCells < 1 || parentCells > 2 || sizeCells < 1 || sizeCells > 2) {
    return undefined;
  }
  const stride = childCells + parentCells + sizeCells;
  for (let at = 0; at + stride <= ranges.length; at += stride) {
    const child = joinCells(ranges, at, childCells);
    const target = joinCells(ranges, at + childCells, parentCells);
    const size = joinCells(ranges, at + childCells + parentCells, sizeCells);
    if (child === undefined || target === undefined || size === undefined) continue;
    if (address >= child && address + length <= child + size) return target + (address - child);
  }
  return undefined;
}

/** The interrupts of a device, from `interrupts-extended` or from `interrupts` and the inherited `interrupt-parent`. */
export function interruptsOf(tree: FdtTree, node: FdtNode): FdtInterrupt[] {
  const extended = cellsOf(node, 'interrupts-extended');
  if (extended !== undefined) return splitExtended(tree, extended);
  const cells = cellsOf(node, 'interrupts');
  const controller = interruptParent(tree, node);
  if (cells === undefined || controller === undefined) return [];
  const stride = numberOf(controller, '#interrupt-cells') ?? 0;
  if (stride < 1) return [];
  const list: FdtInterrupt[] = [];
  for (let at = 0; at + stride <= cells.length; at += stride) {
    list.push({ controller, cells: cells.slice(at, at + stride) });
  }
  return list;
}

function splitExtended(tree: FdtTree, cells: readonly number[]): FdtInterrupt[] {
  const list: FdtInterrupt[] = [];
  for (let at = 0; at < cells.length;) {
    const controller = tree.phandles.get(cells[at]);
    const stride = controller === undefined ? undefined : numberOf(controller, '#interrupt-cells');
    if (controller === undefined || stride === undefined || at + 1 + stride > cells.length) return list;
    list.push({ controller, cells: cells.slice(at + 1, at + 1 + stride) });
    at += 1 + stride;
  }
  return list;
}

function interruptParent(tree: FdtTree, node: FdtNode): FdtNode | undefined {
  let at: FdtNode | undefined = node;
  for (let level = 0; level < MAX_CHAIN && at !== undefined; level++) {
    const handle = numberOf(at, 'interrupt-parent');
    if (handle !== undefined) return tree.phandles.get(handle);
    // Without the property the tree's parent is asked, and a controller above is the answer itself.
    if (at !== node && at.properties.has('#interrupt-cells')) return at;
    at = at.parent;
  }
  return undefined;
}

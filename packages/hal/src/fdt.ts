/**
 * Flattened device trees: blob to nodes, hostile blobs included.
 *
 * Bounds   blob <= 16 MiB, depth <= 64, nodes <= 65,536; one pass, no recursion; property values are views of the blob
 * Source   Devicetree Specification 0.4, chapter 5 (format version 17, compatible with 16)
 */

/** Why a blob is refused. */
export interface FdtError {
  readonly ok: false;
  /** Byte offset in the blob where parsing stopped. */
  readonly offset: number;
  /** One sentence that names the field, what was expected, and what came. */
  readonly message: string;
}

export interface FdtNode {
  /** With its unit address: `'serial@10000000'`; the root's is empty. */
  readonly name: string;
  /** `'/soc/serial@10000000'`; the root's is `'/'`. */
  readonly path: string;
  readonly parent: FdtNode | undefined;
  readonly children: readonly FdtNode[];
  /** Raw big-endian values, views of the blob. */
  readonly properties: ReadonlyMap<string, Uint8Array>;
}

/** Physical memory that the firmware keeps. */
export interface FdtReservation {
  readonly base: number;
  readonly length: number;
}

export interface FdtTree {
  readonly ok: true;
  readonly root: FdtNode;
  /** In document order. */
  readonly nodes: readonly FdtNode[];
  readonly phandles: ReadonlyMap<number, FdtNode>;
  /** The memory reservation block. */
  readonly reservations: readonly FdtReservation[];
  /** Physical id of the CPU that boots. */
  readonly bootCpu: number;
}

const MAGIC = 0xd00dfeed;
const BEGIN_NODE = 1;
const END_NODE = 2;
const PROP = 3;
const NOP = 4;
const END = 9;

const HEADER_BYTES = 40;
const MAX_BLOB_BYTES = 16 * 1024 * 1024;
const MAX_DEPTH = 64;
const MAX_NODES = 65536;
const MAX_RESERVATIONS = 4096;
/** The specification says 31; Linux's own trees go beyond. Many properties may share one name, so it must be short. */
const MAX_NAME_BYTES = 255;

/** While parsing; ends as a FdtError. Thrown and caught inside this module only. */
class Refusal extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

interface Layout {
  readonly view: DataView;
  readonly struct: number;
  readonly structEnd: number;
  readonly strings: number;
  readonly stringsEnd: number;
}

interface MutableNode extends FdtNode {
  readonly children: FdtNode[];
  readonly properties: Map<string, Uint8Array>;
}

/** Parses a blob; trailing bytes behind its own length are ignored. Never throws on contents. */
export function parseFdt(blob: Uint8Array): FdtTree | FdtError {
  try {
    return parse(blob);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ok: false, offset: error.offset, message: error.message };
  }
}

function refuse(offset: number, field: string, expected: string, got: number | string): never {
  throw new Refusal(offset, `${field}: expected ${expected}, got ${got}`);
}

function parse(blob: Uint8Array): FdtTree {
  const layout = readHeader(blob);
  const nodes = readStructure(blob, layout);
  const phandles = new Map<number, FdtNode>();
  for (const node of nodes) {
    const handle = node.properties.get('phandle') ?? node.properties.get('linux,phandle');
    if (handle?.length === 4) phandles.set(readCell(handle, 0), node);
  }
  const { view } = layout;
  return {
    ok: true,
    root: nodes[0],
    nodes,
    phandles,
    reservations: readReservations(view, view.getUint32(16)),
    bootCpu: view.getUint32(28),
  };
}

function readHeader(blob: Uint8Array): Layout {
  if (blob.length < HEADER_BYTES) refuse(0, 'blob', `at least ${HEADER_BYTES} bytes`, blob.length);
  const whole = new DataView(blob.buffer, blob.byteOffset, blob.length);
  const magic = whole.getUint32(0);
  if (magic !== MAGIC) refuse(0, 'magic', '0xd00dfeed', `0x${magic.toString(16)}`);
  const total = whole.getUint32(4);
  const most = Math.min(blob.length, MAX_BLOB_BYTES);
  if (total < HEADER_BYTES || total > most) refuse(4, 'totalsize', `${HEADER_BYTES} to ${most}`, total);
  const version = whole.getUint32(20);
  if (version < 17) refuse(20, 'version', 'at least 17', version);
  const compatible = whole.getUint32(24);
  if (compatible > 17) refuse(24, 'last_comp_version', 'at most 17', compatible);

  const view = new DataView(blob.buffer, blob.byteOffset, total);
  const struct = checkBlock(view, 'off_dt_struct', 8, view.getUint32(36), 4);
  const strings = checkBlock(view, 'off_dt_strings', 12, view.getUint32(32), 1);
  checkBlock(view, 'off_mem_rsvmap', 16, 16, 8);
  return {
    view,
    struct,
    structEnd: struct + view.getUint32(36),
    strings,
    stringsEnd: strings + view.getUint32(32),
  };
}

/** Offset of a block whose `length` bytes must lie in the blob, behind the header. */
function checkBlock(view: DataView, field: string, at: number, length: number, align: number): number {
  const offset = view.getUint32(at);
  if (offset < HEADER_BYTES || offset + length > view.byteLength) {
    refuse(at, field, `${length} bytes inside ${HEADER_BYTES} to ${view.byteLength}`, offset);
  }
  if (offset % align !== 0) refuse(at, field, `a multiple of ${align}`, offset);
  return offset;
}

function readReservations(view: DataView, start: number): FdtReservation[] {
  const list: FdtReservation[] = [];
  for (let at = start; ; at += 16) {
    if (at + 16 > view.byteLength)
      refuse(at, 'memory reservations', 'an entry of zeroes at the end', 'the end of the blob');
    const base = view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
    const length = view.getUint32(at + 8) * 2 ** 32 + view.getUint32(at + 12);
    if (base === 0 && length === 0) return list;
    if (list.length === MAX_RESERVATIONS) refuse(at, 'memory reservations', `at most ${MAX_RESERVATIONS}`, 'more');
    list.push({ base, length });
  }
}

/** All nodes in document order, the root first. Each token is at least 4 bytes, so the loop is bounded by the block. */
function readStructure(blob: Uint8Array, layout: Layout): FdtNode[] {
  const { view, structEnd } = layout;
  const nodes: FdtNode[] = [];
  const open: MutableNode[] = [];
  let at = layout.struct;
  for (;;) {
    if (at + 4 > structEnd) refuse(at, 'structure block', 'FDT_END', 'its end');
    const token = view.getUint32(at);
    const start = at;
    at += 4;
    const current = open[open.length - 1];
    if (token === NOP) continue;
    if (token === BEGIN_NODE) {
      if (current === undefined && nodes.length > 0) refuse(start, 'structure block', 'one root', 'a second one');
      if (open.length === MAX_DEPTH) refuse(start, 'depth', `at most ${MAX_DEPTH}`, 'more');
      if (nodes.length === MAX_NODES) refuse(start, 'nodes', `at most ${MAX_NODES}`, 'more');
      const name = readString(blob, at, structEnd, 'node name');
      at = align4(at + name.length + 1, layout.struct);
      const node = addNode(name, current);
      nodes.push(node);
      open.push(node);
    } else if (current === undefined) {
      if (token === END && nodes.length > 0) return nodes;
      refuse(start, 'structure block', nodes.length > 0 ? 'FDT_END' : 'a root node', `token ${token}`);
    } else if (token === PROP) at = readProperty(blob, layout, at, current);
    else if (token === END_NODE) open.pop();
    else refuse(start, 'structure block', 'a token inside a node', `token ${token}`);
  }
}

function addNode(name: string, parent: MutableNode | undefined): MutableNode {
  const prefix = parent === undefined || parent.parent === undefined ? '' : parent.path;
  const node: MutableNode = {
    name,
    path: `${prefix}/${parent ? name : ''}`,
    parent,
    children: [],
    properties: new Map(),
  };
  parent?.children.push(node);
  return node;
}

/** Reads one property behind its token; returns the offset behind its padding. */
function readProperty(blob: Uint8Array, layout: Layout, at: number, node: MutableNode): number {
  const { view, structEnd, strings, stringsEnd } = layout;
  if (at + 8 > structEnd) refuse(at, 'property', 'a length and a name', 'the end of the structure block');
  const length = view.getUint32(at);
  const value = at + 8;
  if (value + length > structEnd) refuse(at, 'property length', `at most ${structEnd - value}`, length);
  const nameAt = strings + view.getUint32(at + 4);
  if (nameAt >= stringsEnd) refuse(at + 4, 'property name', `below ${stringsEnd - strings}`, nameAt - strings);
  const name = readString(blob, nameAt, stringsEnd, 'property name');
  if (!node.properties.has(name)) node.properties.set(name, blob.subarray(value, value + length));
  return align4(value + length, layout.struct);
}

function align4(offset: number, base: number): number {
  return base + Math.ceil((offset - base) / 4) * 4;
}

/** NUL-terminated ASCII; other bytes become U+00xx, so that names keep their length. */
function readString(blob: Uint8Array, at: number, end: number, field: string): string {
  let text = '';
  for (let index = at; index < Math.min(end, at + MAX_NAME_BYTES + 1); index++) {
    const byte = blob[index];
    if (byte === 0) return text;
    text += String.fromCharCode(byte);
  }
  return refuse(at, field, `NUL after at most ${MAX_NAME_BYTES} bytes`, 'none');
}

/** Big-endian 32-bit cell `index` of a property value. */
export function readCell(value: Uint8Array, index: number): number {
  const at = index * 4;
  return ((value[at] << 24) | (value[at + 1] << 16) | (value[at + 2] << 8) | value[at + 3]) >>> 0;
}

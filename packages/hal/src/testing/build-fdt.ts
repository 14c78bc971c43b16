/** Makes flattened device trees (version 17) from plain objects, for tests and for machines without firmware of their own. */

export type FdtValue = string | readonly string[] | readonly number[] | number | Uint8Array | true;

/** Strings become NUL-terminated text or lists of it, numbers become 32-bit cells, `true` an empty property. */
export interface BuildFdtNode {
  readonly properties?: Readonly<Record<string, FdtValue>>;
  readonly children?: Readonly<Record<string, BuildFdtNode>>;
}

export interface BuildFdtOptions {
  readonly reservations?: readonly { readonly base: number; readonly length: number }[];
  readonly bootCpu?: number;
}

/** Builds a blob; the root's name is empty. */
export function buildFdt(root: BuildFdtNode, options: BuildFdtOptions = {}): Uint8Array<ArrayBuffer> {
  const strings = new Map<string, number>();
  const stringBytes: number[] = [];
  const struct: number[] = [];
  const nameOffset = (name: string): number => {
    const known = strings.get(name);
    if (known !== undefined) return known;
    const offset = stringBytes.length;
    strings.set(name, offset);
    stringBytes.push(...text(name));
    return offset;
  };
  const addNode = (name: string, node: BuildFdtNode): void => {
    struct.push(...cells([1]), ...padded(text(name)));
    for (const [key, value] of Object.entries(node.properties ?? {})) {
      const bytes = encode(value);
      struct.push(...cells([3, bytes.length, nameOffset(key)]), ...padded(bytes));
    }
    for (const [key, child] of Object.entries(node.children ?? {})) addNode(key, child);
    struct.push(...cells([2]));
  };
  addNode('', root);
  struct.push(...cells([9]));

  const reserved = [...(options.reservations ?? []), { base: 0, length: 0 }].flatMap(({ base, length }) =>
    cells([base / 2 ** 32, base, length / 2 ** 32, length]),
  );
  const structAt = 40 + reserved.length;
  const stringsAt = structAt + struct.length;
  const total = stringsAt + stringBytes.length;
  const bootCpu = options.bootCpu ?? 0;
  const header = [0xd00dfeed, total, structAt, stringsAt, 40, 17, 16, bootCpu, stringBytes.length, struct.length];
  return Uint8Array.from([...cells(header), ...reserved, ...struct, ...stringBytes]);
}

function encode(value: FdtValue): number[] {
  if (value === true) return [];
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') return cells([value]);
  if (ArrayBuffer.isView(value)) return [...value];
  return value.flatMap((item: string | number) => (typeof item === 'string' ? text(item) : cells([item])));
}

function text(value: string): number[] {
  return [...value, '\0'].map((character) => character.charCodeAt(0));
}

function cells(values: readonly number[]): number[] {
  return values.flatMap((value) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255));
}

function padded(bytes: readonly number[]): number[] {
  return [...bytes, ...new Array<number>((4 - (bytes.length % 4)) % 4).fill(0)];
}

/** A naive user address space: one record per page in a Map. What `UserSpace` must behave like. */
import { PAGE_SIZE } from '@veridian-os/abi';
import { AccessKind, FaultResult, PROT_EXEC, PROT_READ, PROT_WRITE } from '../api.js';
import type { MappingInfo } from '../api.js';

/** Offsets in a page whose bytes the model follows. */
export const PROBES = [0, 1027, 4095] as const;

/** Bytes at {@link PROBES}. */
export type Content = readonly number[];

/** A file or shared region: pages by index, `initial` where nothing was written. */
export class ModelFile {
  readonly label: string;
  readonly ino: number;
  pages: number;
  private readonly initial: (index: number) => number;
  private readonly written = new Map<number, Content>();

  constructor(label: string, ino: number, pages: number, initial: (index: number) => number) {
    this.label = label;
    this.ino = ino;
    this.pages = pages;
    this.initial = initial;
  }

  content(index: number): Content {
    return this.written.get(index) ?? PROBES.map(() => this.initial(index));
  }

  write(index: number, content: Content): void {
    this.written.set(index, content);
  }

  truncate(pages: number): void {
    this.pages = pages;
    for (const index of this.written.keys()) if (index >= pages) this.written.delete(index);
  }
}

export interface ModelPage {
  readonly prot: number;
  readonly shared: boolean;
  readonly file: ModelFile | null;
  /** Page of the file. */
  readonly index: number;
  /** Marked, so that it is not joined with what is not. */
  readonly mergeable?: boolean;
  /** Private content; null while the page is the file's, or zero. */
  readonly own: Content | null;
}

function permits(prot: number, access: AccessKind): boolean {
  if (access === AccessKind.Read) return (prot & (PROT_READ | PROT_WRITE)) !== 0;
  return (prot & (access === AccessKind.Write ? PROT_WRITE : PROT_EXEC)) !== 0;
}

export class ModelSpace {
  readonly pages = new Map<number, ModelPage>();

  isHole(first: number, count: number): boolean {
    return this.range(first, count).every((page) => !this.pages.has(page));
  }

  covers(first: number, count: number): boolean {
    return this.range(first, count).every((page) => this.pages.has(page));
  }

  map(first: number, count: number, kind: Omit<ModelPage, 'own'>): void {
    for (let i = 0; i < count; i++) this.pages.set(first + i, { ...kind, index: kind.index + i, own: null });
  }

  unmap(first: number, count: number): void {
    for (const page of this.range(first, count)) this.pages.delete(page);
  }

  protect(first: number, count: number, prot: number): void {
    this.change(first, count, (page) => ({ ...page, prot }));
  }

  setMergeable(first: number, count: number): void {
    this.change(first, count, (page) => ({ ...page, mergeable: true }));
  }

  discard(first: number, count: number): void {
    this.change(first, count, (page) => ({ ...page, own: null }));
  }

  /** `file` has been cut: private copies of its lost pages are lost too. */
  truncated(file: ModelFile): void {
    for (const [number, page] of this.pages) {
      if (page.file === file && page.index >= file.pages) this.pages.set(number, { ...page, own: null });
    }
  }

  /** Pages of one mapping, moved, cut or grown. */
  remap(from: number, oldCount: number, to: number, newCount: number): void {
    const first = this.pages.get(from) as ModelPage;
    const kept = this.range(from, Math.min(oldCount, newCount)).map((page) => this.pages.get(page) as ModelPage);
    this.unmap(from, oldCount);
    if (oldCount > 0 || from !== to) this.unmap(to, newCount);
    for (let i = 0; i < newCount; i++) {
      this.pages.set(to + i, kept[i] ?? { ...first, index: first.file === null ? 0 : first.index + i, own: null });
    }
  }

  fork(): ModelSpace {
    const child = new ModelSpace();
    for (const [number, page] of this.pages) child.pages.set(number, page);
    return child;
  }

  /** What an access that reaches the kernel must answer. */
  access(number: number, access: AccessKind): FaultResult {
    const page = this.pages.get(number);
    if (page === undefined) return FaultResult.NoMapping;
    if (!permits(page.prot, access)) return FaultResult.Forbidden;
    const beyond = page.file !== null && page.own === null && page.index >= page.file.pages;
    return beyond ? FaultResult.BeyondEnd : FaultResult.Handled;
  }

  content(number: number): Content {
    const page = this.pages.get(number) as ModelPage;
    return page.own ?? page.file?.content(page.index) ?? PROBES.map(() => 0);
  }

  write(number: number, probe: number, value: number): void {
    const page = this.pages.get(number) as ModelPage;
    const content = this.content(number).map((byte, i) => (i === probe ? value : byte));
    if (page.shared && page.file !== null) page.file.write(page.index, content);
    else this.pages.set(number, { ...page, own: content });
  }

  /** Private writable pages. */
  committedPages(): number {
    return [...this.pages.values()].filter(({ shared, prot }) => !shared && (prot & PROT_WRITE) !== 0).length;
  }

  /** Most tables that three levels of 512 entries need for these pages. */
  tables(): number {
    const leaves = new Set<number>();
    const middles = new Set<number>();
    for (const number of this.pages.keys()) {
      leaves.add(Math.floor(number / 512));
      middles.add(Math.floor(number / 512 ** 2));
    }
    return 1 + leaves.size + middles.size;
  }

  /** Mappings with neighbours joined, as `UserSpace.mappings` must show them. */
  mappings(): MappingInfo[] {
    const list: MappingInfo[] = [];
    let lastFile: ModelFile | null = null;
    let lastMergeable = false;
    for (const number of [...this.pages.keys()].sort((a, b) => a - b)) {
      const { prot, shared, file, index, mergeable = false } = this.pages.get(number) as ModelPage;
      const start = number * PAGE_SIZE;
      const last = list.at(-1);
      const offset = file === null ? 0 : index * PAGE_SIZE;
      const follows = file === null || (last !== undefined && last.offset + (last.end - last.start) === offset);
      const same =
        last !== undefined &&
        last.prot === prot &&
        last.shared === shared &&
        lastFile === file &&
        lastMergeable === mergeable;
      if (last !== undefined && last.end === start && same && follows) {
        list[list.length - 1] = { ...last, end: start + PAGE_SIZE };
      } else {
        const { label = '', ino = 0 } = file ?? {};
        list.push({ start, end: start + PAGE_SIZE, prot, shared, offset, label, ino });
      }
      lastFile = file;
      lastMergeable = mergeable;
    }
    return list;
  }

  private change(first: number, count: number, how: (page: ModelPage) => ModelPage): void {
    for (const number of this.range(first, count)) {
      const page = this.pages.get(number);
      if (page !== undefined) this.pages.set(number, how(page));
    }
  }

  private range(first: number, count: number): number[] {
    return Array.from({ length: count }, (_, i) => first + i);
  }
}

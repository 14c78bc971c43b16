/** Open files of the model: what each call of a sequence answers, as text that can be compared. */
import { EBADF, EEXIST, EINVAL, EISDIR, ELOOP, ENOTDIR, ENXIO, ESPIPE, PAGE_SIZE, errnoName } from '@veridian-os/abi';
import {
  O_ACCMODE,
  O_APPEND,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  O_TRUNC,
  O_WRONLY,
} from '../../api.js';
import type { FileSystemStep } from '../arbitraries.js';
import {
  ModelTree,
  Refusal,
  newDirectory,
  refuse,
  type ModelDirectory,
  type ModelFile,
  type ModelNode,
} from './tree.js';

interface ModelOpen {
  readonly node: ModelNode;
  readonly flags: number;
  offset: number;
}

/** Bytes that a write of this length and seed writes. */
export function writtenBytes(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + seed) & 0xff);
}

/** A short, telling form of some bytes. */
export function digest(bytes: Uint8Array): string {
  let sum = 17;
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) >>> 0;
  return `${bytes.length}:${sum}`;
}

export class Model {
  readonly tree = new ModelTree();
  private readonly slots = new Map<number, ModelOpen>();

  /** Answer of one call. */
  run(step: FileSystemStep): string {
    try {
      return this.answer(step);
    } catch (error) {
      if (error instanceof Refusal) return errnoName(error.errno);
      throw error;
    }
  }

  private answer(step: FileSystemStep): string {
    const { tree } = this;
    switch (step.op) {
      case 'mkdir':
        tree.add(step.path, (parent) => newDirectory(parent), true);
        return 'ok';
      case 'rmdir':
        tree.rmdir(step.path);
        return 'ok';
      case 'unlink':
        tree.unlink(step.path);
        return 'ok';
      case 'rename':
        tree.rename(step.path, step.to, step.flags);
        return 'ok';
      case 'link':
        tree.link(step.path, step.to, step.follow);
        return 'ok';
      case 'symlink':
        tree.add(step.path, () => ({ kind: 'link', target: step.target }));
        return 'ok';
      case 'stat':
        return this.describe(tree.resolve(step.path, true));
      case 'lstat':
        return this.describe(tree.resolve(step.path, false));
      case 'readlink':
        return this.readlink(tree.resolve(step.path, false));
      case 'list':
        return this.list(tree.resolve(step.path, true));
      case 'truncate':
        resize(fileOf(tree.resolve(step.path, true), EISDIR, EINVAL), step.size);
        return 'ok';
      case 'sync':
        return 'ok';
      case 'open':
        return this.open(step.slot, step.path, step.flags);
      default:
        return this.onSlot(step);
    }
  }

  private onSlot(step: Exclude<FileSystemStep, { readonly path: string } | { readonly op: 'sync' }>): string {
    const open = this.slots.get(step.slot);
    if (open === undefined) return 'closed';
    switch (step.op) {
      case 'close':
        this.slots.delete(step.slot);
        return 'ok';
      case 'fstat':
        return this.describe(open.node);
      case 'fsync':
        if ((open.flags & O_PATH) !== 0) refuse(EBADF);
        return 'ok';
      case 'read':
        return this.read(open, step.length, step.position);
      case 'write':
        return this.write(open, writtenBytes(step.length, step.seed), step.position);
      case 'seek':
        return seek(open, step.offset, step.whence);
      case 'ftruncate':
        if ((open.flags & O_PATH) !== 0) refuse(EBADF);
        if (!canWrite(open)) refuse(EINVAL);
        resize(fileOf(open.node, EISDIR, EINVAL), step.size);
        return 'ok';
      case 'store':
        return store(open, step.position, step.value);
    }
  }

  private open(slot: number, path: string, flags: number): string {
    if (this.slots.has(slot)) return 'open';
    const kept = (flags & O_PATH) !== 0 ? flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW) : flags;
    const node = (kept & O_CREAT) !== 0 ? this.create(path, kept) : this.existing(path, kept);
    this.slots.set(slot, { node, flags: kept, offset: 0 });
    return 'ok';
  }

  private existing(path: string, flags: number): ModelNode {
    return admit(this.tree.resolve(path, (flags & O_NOFOLLOW) === 0), flags);
  }

  private create(path: string, flags: number): ModelNode {
    if ((flags & O_DIRECTORY) !== 0) refuse(EINVAL);
    let start: ModelDirectory = this.tree.root;
    const budget = { links: 40 };
    for (let target = path; ;) {
      const { directory, name, slash } = this.tree.place(target, start, budget);
      if (name === '.' || name === '..') refuse((flags & O_EXCL) !== 0 ? EEXIST : EISDIR);
      if (slash) refuse(EISDIR);
      const node = directory.entries.get(name);
      if (node === undefined) {
        const made: ModelFile = { kind: 'file', bytes: new Uint8Array(0) };
        directory.entries.set(name, made);
        return made;
      }
      if ((flags & O_EXCL) !== 0) refuse(EEXIST);
      if (node.kind === 'directory') refuse(EISDIR);
      if (node.kind === 'file') return admit(node, flags);
      if ((flags & O_NOFOLLOW) !== 0 || budget.links-- === 0) refuse(ELOOP);
      target = node.target;
      start = directory;
    }
  }

  private describe(node: ModelNode): string {
    const links = this.tree.links(node);
    if (node.kind === 'directory') return `directory, ${links} links`;
    const size = node.kind === 'file' ? node.bytes.length : node.target.length;
    return `${node.kind}, ${links} links, ${size} bytes`;
  }

  private readlink(node: ModelNode): string {
    if (node.kind !== 'link') refuse(EINVAL);
    return `-> ${node.target}`;
  }

  private list(node: ModelNode): string {
    if (node.kind !== 'directory') refuse(ENOTDIR);
    return ['.', '..', ...node.entries.keys()].sort().join(' ');
  }

  private read(open: ModelOpen, length: number, position: number | undefined): string {
    if ((open.flags & O_PATH) !== 0 || (open.flags & O_ACCMODE) === O_WRONLY) refuse(EBADF);
    const { bytes } = fileOf(open.node, EISDIR, EINVAL);
    const from = position ?? open.offset;
    const got = bytes.slice(from, from + length);
    if (position === undefined) open.offset = from + got.length;
    return digest(got);
  }

  private write(open: ModelOpen, data: Uint8Array, position: number | undefined): string {
    if (!canWrite(open)) refuse(EBADF);
    const file = fileOf(open.node, EISDIR, EINVAL);
    const to = (open.flags & O_APPEND) !== 0 ? file.bytes.length : (position ?? open.offset);
    if (data.length > 0) {
      if (to + data.length > file.bytes.length) resize(file, to + data.length);
      file.bytes.set(data, to);
      if (position === undefined) open.offset = to + data.length;
    }
    return `${data.length}`;
  }
}

function canWrite({ flags }: ModelOpen): boolean {
  return (flags & O_PATH) === 0 && (flags & O_ACCMODE) !== O_RDONLY;
}

/** Checks that an existing node may be opened so. */
function admit(node: ModelNode, flags: number): ModelNode {
  const writing = (flags & O_ACCMODE) !== O_RDONLY || (flags & O_TRUNC) !== 0;
  if ((flags & O_DIRECTORY) !== 0 && node.kind !== 'directory') refuse(ENOTDIR);
  if ((flags & O_PATH) !== 0) return node;
  if (node.kind === 'link') refuse(ELOOP);
  if (node.kind === 'directory' && writing) refuse(EISDIR);
  if (node.kind === 'file' && (flags & O_TRUNC) !== 0) node.bytes = new Uint8Array(0);
  return node;
}

function fileOf(node: ModelNode, ifDirectory: number, ifOther: number): ModelFile {
  if (node.kind === 'directory') refuse(ifDirectory);
  if (node.kind === 'link') refuse(ifOther);
  return node;
}

function resize(file: ModelFile, size: number): void {
  const bytes = new Uint8Array(size);
  bytes.set(file.bytes.subarray(0, size));
  file.bytes = bytes;
}

function seek(open: ModelOpen, offset: number, whence: number): string {
  const { node } = open;
  if ((open.flags & O_PATH) !== 0) refuse(EBADF);
  if (node.kind === 'link') refuse(ESPIPE);
  if (node.kind === 'directory') {
    // Only a rewind is compared: what else an offset of a directory means is the file system's affair.
    if (whence !== 0 || offset !== 0) return 'not compared';
    return '0';
  }
  const { length } = node.bytes;
  const target = offset + (whence === 0 ? 0 : whence === 1 ? open.offset : length);
  if (target < 0) refuse(EINVAL);
  open.offset = target;
  return `${target}`;
}

/** A store through a shared mapping; only what lies inside the file counts. */
function store(open: ModelOpen, position: number, value: number): string {
  const { node } = open;
  if (node.kind !== 'file' || (open.flags & O_PATH) !== 0) return 'not mappable';
  const page = Math.floor(position / PAGE_SIZE);
  if (page * PAGE_SIZE >= node.bytes.length) refuse(ENXIO);
  if (position < node.bytes.length) node.bytes[position] = value;
  return 'ok';
}

/** For the comparison at the end: every path of the tree with what is there. */
export function walkModel(directory: ModelDirectory, prefix = ''): [string, ModelNode][] {
  return [...directory.entries].flatMap(([name, node]) => [
    [`${prefix}/${name}`, node] as [string, ModelNode],
    ...(node.kind === 'directory' ? walkModel(node, `${prefix}/${name}`) : []),
  ]);
}

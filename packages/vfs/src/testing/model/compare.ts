/** Runs a sequence of calls on a file system under a VFS and on the model, and compares every answer. */
import {
  PAGE_SIZE,
  RENAME_EXCHANGE,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  errnoName,
  type FileStat,
  type Frame,
} from '@veridian-os/abi';
import * as fc from 'fast-check';
import type { FilePages, OpenFile } from '../../api.js';
import { createFileStat } from '../../internal/stat.js';
import { fileSystemSteps, type FileSystemStep } from '../arbitraries.js';
import { KitEnv, type FileSystemFixture } from '../kit/env.js';
import { same, type Runner } from '../kit/runner.js';
import type { FileSystemFeatures } from '../kit/suite.js';
import { Model, digest, walkModel, writtenBytes } from './files.js';

function describeStat({ mode, nlink, size }: FileStat): string {
  const type = mode & S_IFMT;
  if (type === S_IFDIR) return `directory, ${nlink} links`;
  return `${type === S_IFLNK ? 'link' : 'file'}, ${nlink} links, ${size} bytes`;
}

const result = (value: unknown): string =>
  value === 0 ? 'ok' : typeof value === 'number' && value < 0 ? errnoName(value) : String(value);

type SlotStep = Exclude<FileSystemStep, { readonly path: string } | { readonly op: 'sync' }>;

class Subject {
  private readonly env: KitEnv;
  private readonly slots = new Map<number, OpenFile>();

  constructor(env: KitEnv) {
    this.env = env;
  }

  run(step: FileSystemStep): string {
    const { env } = this;
    const { vfs, context } = env;
    const call = (operation: () => unknown): string => result(env.call(operation));
    switch (step.op) {
      case 'mkdir':
        return call(() => vfs.mkdir(context, step.path, 0o755));
      case 'rmdir':
        return call(() => vfs.rmdir(context, step.path));
      case 'unlink':
        return call(() => vfs.unlink(context, step.path));
      case 'rename':
        return call(() => vfs.rename(context, step.path, context, step.to, step.flags));
      case 'link':
        return call(() => vfs.link(context, step.path, context, step.to, step.follow));
      case 'symlink':
        return call(() => vfs.symlink(step.target, context, step.path));
      case 'stat':
      case 'lstat':
        return this.stat((out) => vfs.stat(context, step.path, step.op === 'stat', out));
      case 'readlink': {
        const target = env.call(() => vfs.readlink(context, step.path));
        return typeof target === 'string' ? `-> ${target}` : errnoName(target);
      }
      case 'list':
        return this.list(step.path);
      case 'truncate':
        return call(() => vfs.setattr(context, step.path, true, { size: step.size }));
      case 'sync':
        return call(() => vfs.sync());
      case 'open':
        return this.open(step.slot, step.path, step.flags);
      default:
        return this.onSlot(step);
    }
  }

  private onSlot(step: SlotStep): string {
    const { env } = this;
    const file = this.slots.get(step.slot);
    if (file === undefined) return 'closed';
    const call = (operation: () => unknown): string => result(env.call(operation));
    switch (step.op) {
      case 'close':
        env.drop(file);
        this.slots.delete(step.slot);
        return 'ok';
      case 'fstat':
        return this.stat((out) => file.stat(out));
      case 'fsync':
        return call(() => file.sync());
      case 'read': {
        const first = env.call(() => file.read([], step.position));
        return first < 0 ? errnoName(first) : digest(env.read(file, step.length, step.position));
      }
      case 'write': {
        const first = env.call(() => file.write([], step.position));
        if (first < 0) return errnoName(first);
        env.write(file, writtenBytes(step.length, step.seed), step.position);
        return `${step.length}`;
      }
      case 'seek': {
        if (file.kind === 'directory' && (step.whence !== 0 || step.offset !== 0)) return 'not compared';
        const at = env.call(() => file.seek(step.offset, step.whence));
        return at < 0 ? errnoName(at) : `${at}`;
      }
      case 'ftruncate':
        return call(() => file.setattr({ size: step.size }));
      case 'store':
        return this.store(file, step.position, step.value);
    }
  }

  private open(slot: number, path: string, flags: number): string {
    if (this.slots.has(slot)) return 'open';
    const file = this.env.call(() => this.env.vfs.open(this.env.context, path, flags, 0o644));
    if (typeof file === 'number') return errnoName(file);
    this.slots.set(slot, this.env.hold(file));
    return 'ok';
  }

  private stat(operation: (out: FileStat) => number): string {
    const out = createFileStat();
    const got = this.env.call(() => operation(out));
    return got === 0 ? describeStat(out) : errnoName(got);
  }

  private list(path: string): string {
    const { env } = this;
    const file = env.call(() => env.vfs.open(env.context, `${path}/.`, 0, 0));
    if (typeof file === 'number') return errnoName(file);
    const names = env.entries(env.hold(file), 3);
    env.drop(file);
    return names.sort().join(' ');
  }

  /** Stores a byte through a shared mapping that lives for this one store. */
  private store(file: OpenFile, position: number, value: number): string {
    const pages: FilePages | undefined = file.pages();
    if (pages === undefined) return 'not mappable';
    pages.retain();
    const frame = this.env.call(() => pages.page(Math.floor(position / PAGE_SIZE), true));
    if (frame >= 0) this.env.fixture.bytes.view(frame as Frame)[position % PAGE_SIZE] = value;
    pages.release();
    return frame < 0 ? errnoName(frame) : 'ok';
  }
}

/** @throws Error at the first answer that differs, or when the trees differ at the end */
export function compareWithModel(fixture: FileSystemFixture, steps: readonly FileSystemStep[]): void {
  const env = new KitEnv(fixture);
  const subject = new Subject(env);
  const model = new Model();
  steps.forEach((step, index) => {
    const expected = model.run(step);
    same(subject.run(step), expected, `step ${index}, ${JSON.stringify(step)}`);
  });
  for (const [path, node] of walkModel(model.tree.root)) {
    same(describeStat(env.stat(path, false)), model.run({ op: 'lstat', path }), `at the end, ${path}`);
    if (node.kind !== 'file') continue;
    const file = env.open(path, 0);
    same(digest(env.read(file, node.bytes.length + 1)), digest(node.bytes), `contents at the end, ${path}`);
    env.drop(file);
  }
  env.finish();
}

/** False for calls that the file system cannot do. */
function possible(step: FileSystemStep, features: FileSystemFeatures): boolean {
  if (step.op === 'link') return features.hardLinks !== false;
  if (step.op === 'symlink') return features.symlinks !== false;
  return step.op !== 'rename' || step.flags !== RENAME_EXCHANGE || features.exchange !== false;
}

/**
 * Compares random sequences of calls with the model: every answer, and the whole tree at the end. Needs link counts.
 * @param parameters fast-check's: number of runs, seed
 * @param features calls that the file system cannot do are left out
 */
export function fileSystemModel(
  { describe, it }: Runner,
  make: () => FileSystemFixture,
  parameters: fc.Parameters<[FileSystemStep[]]> = {},
  features: FileSystemFeatures = {},
): void {
  const steps = fileSystemSteps.map((all) => all.filter((step) => possible(step, features)));
  describe('any sequence of calls', () => {
    it('answers as the model does', () => {
      fc.assert(
        fc.property(steps, (some) => compareWithModel(make(), some)),
        parameters,
      );
    });
  });
}

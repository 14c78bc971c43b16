import { afterEach } from '@jest/globals';
import { errnoName, type FileStat, type FileSystem } from '@veridian-os/abi';
import { createTmpfs, createVfs, O_RDONLY, type OpenFile, type PathContext } from '@veridian-os/vfs';
import { countingClock, HeapFrames, RecordingWait } from '@veridian-os/vfs/testing';
import { createHostfs, type HostFolderOptions } from '../../src/index.js';
import { temporaryFolder, type TemporaryFolder } from '../../src/testing.js';

const folders: TemporaryFolder[] = [];
afterEach(() => folders.splice(0).forEach((folder) => folder.remove()));

/** A new folder that goes after the test. */
export function hostFolderPath(): string {
  const folder = temporaryFolder('veridian-hostfs-');
  folders.push(folder);
  return folder.path;
}

export function parts() {
  const frames = new HeapFrames();
  return { frames, bytes: frames, wait: new RecordingWait(), now: countingClock() };
}

export interface World {
  readonly folder: string;
  readonly fs: FileSystem;
  readonly context: PathContext;
  readonly vfs: ReturnType<typeof createVfs>;
  open(path: string, flags?: number, mode?: number): OpenFile;
  read(path: string): string;
  stat(path: string, follow?: boolean): Partial<FileStat> | string;
  names(path: string): string[];
}

/** A VFS with a tmpfs at / and a new host folder, once or more often, at each path. */
export function world(mounts: readonly string[] = ['/h'], options: HostFolderOptions = {}): World {
  const folder = hostFolderPath();
  const base = parts();
  const vfs = createVfs(base);
  vfs.mount('/', createTmpfs(base));
  const root = vfs.root();
  const context = { root, start: root, umask: 0o22 };
  let fs!: FileSystem;
  for (const path of mounts) {
    fs = createHostfs({ folder, ...options, ...base });
    vfs.mkdir(context, path, 0o755);
    if (vfs.mount(path, fs) !== 0) throw new Error(`mount ${path}`);
  }
  const open = (path: string, flags = O_RDONLY, mode = 0o666): OpenFile => {
    const file = vfs.open(context, path, flags, mode);
    if (typeof file === 'number') throw new Error(`open ${path}: ${errnoName(file)}`);
    return file;
  };
  return {
    folder,
    fs,
    context,
    vfs,
    open,
    read(path) {
      const file = open(path);
      const text = textOf(file);
      file.release();
      return text;
    },
    stat(path, follow = true) {
      const out = emptyStat();
      const result = vfs.stat(context, path, follow, out);
      return result === 0 ? out : errnoName(result);
    },
    names(path) {
      const file = open(path);
      const names: string[] = [];
      file.readdir((name) => names.push(name) > 0);
      file.release();
      return names.filter((name) => name !== '.' && name !== '..').sort();
    },
  };
}

export function emptyStat(): FileStat {
  const zeros = { dev: 0, ino: 0, mode: 0, nlink: 0, uid: 0, gid: 0, rdev: 0, size: 0, blockSize: 0, blocks: 0 };
  return { ...zeros, atimeSec: 0, atimeNsec: 0, mtimeSec: 0, mtimeNsec: 0, ctimeSec: 0, ctimeNsec: 0 };
}

export const bytes = (text: string): Uint8Array[] => [new TextEncoder().encode(text)];

/** Up to 64 KiB from a position, or an error's name. */
export function textOf(file: OpenFile, position = 0): string {
  const into = new Uint8Array(65536);
  const count = file.read([into], position);
  return count < 0 ? errnoName(count) : new TextDecoder().decode(into.subarray(0, count));
}

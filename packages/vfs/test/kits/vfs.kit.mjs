/** The package's kits on its built files: run under vitest and node:test by tools/test-kits.mjs. */
import { createTmpfs, createVfs } from '@veridian-os/vfs';
import {
  ALL_SLOW,
  HeapFrames,
  RecordingWait,
  countingClock,
  createDiskFs,
  createSlowFs,
  fileSystemKit,
  fileSystemModel,
  pipeKit,
} from '@veridian-os/vfs/testing';

const config = { cachePages: 16, cacheNames: 16 };

function parts() {
  const frames = new HeapFrames();
  return { frames, bytes: frames, wait: new RecordingWait(), now: countingClock() };
}

function tmpfs() {
  const base = parts();
  return { ...base, fs: createTmpfs(base), config };
}

function slowDisk() {
  const base = parts();
  const fs = createSlowFs(createDiskFs(base), { wait: base.wait, slow: ALL_SLOW });
  return { ...base, fs, advance: () => fs.complete(), config };
}

export default function run(runner) {
  runner.describe('tmpfs', () => {
    fileSystemKit(runner, tmpfs);
    fileSystemModel(runner, tmpfs, { numRuns: 50 });
  });
  runner.describe('a file system that waits', () => {
    fileSystemKit(runner, slowDisk);
    fileSystemModel(runner, slowDisk, { numRuns: 50 });
  });
  pipeKit(runner, () => {
    const base = parts();
    const [reader, writer] = createVfs(base).pipe(0);
    return { reader, writer, woken: () => base.wait.take(reader.waitQueue) };
  });
}

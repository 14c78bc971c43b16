/** File systems under test, each anew. */
import { createTmpfs } from '../../src/index.js';
import {
  ALL_SLOW,
  HeapFrames,
  RecordingWait,
  countingClock,
  createDiskFs,
  createSlowFs,
  type FileSystemFixture,
} from '../../src/testing.js';

export function parts() {
  const frames = new HeapFrames();
  return { frames, bytes: frames, wait: new RecordingWait(), now: countingClock() };
}

/** The smallest caches there are: everything is evicted all the time. */
const TINY = { cachePages: 16, cacheNames: 16 };

export const fixtures: Record<string, () => FileSystemFixture> = {
  tmpfs: () => {
    const base = parts();
    return { ...base, fs: createTmpfs(base), config: TINY };
  },
  'a file system with a store': () => {
    const base = parts();
    return { ...base, fs: createDiskFs(base), config: TINY };
  },
  'a file system that waits': () => {
    const base = parts();
    const fs = createSlowFs(createDiskFs(base), { wait: base.wait, slow: ALL_SLOW });
    return { ...base, fs, advance: () => fs.complete(), config: TINY };
  },
};

/** The file-system kit on the built tmpfs: run under vitest, node:test and in the browser. */
import { createTmpfs } from '@veridian-os/vfs';
import { HeapFrames, RecordingWait, countingClock, fileSystemKit } from '@veridian-os/vfs/testing';

export default function run(runner) {
  fileSystemKit(runner, () => {
    const frames = new HeapFrames();
    const base = { frames, bytes: frames, wait: new RecordingWait(), now: countingClock() };
    return { ...base, fs: createTmpfs(base) };
  });
}

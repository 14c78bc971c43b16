export { HeapFrames, RecordingWait, countingClock } from './testing/memory.js';
export { ForwardingFs } from './testing/forwarding-fs.js';
export { createDiskFs, type DiskConfig, type DiskFs } from './testing/disk-fs.js';
export { ALL_SLOW, createSlowFs, type SlowConfig, type SlowFs, type SlowOperation } from './testing/slow-fs.js';
export {
  SLOTS,
  components,
  fileSystemSteps,
  paths,
  pipeSteps,
  type FileSystemStep,
  type PipeStep,
} from './testing/arbitraries.js';
export type { FileSystemFixture } from './testing/kit/env.js';
export type { Runner } from './testing/kit/runner.js';
export type { FileSystemFeatures } from './testing/kit/suite.js';
export { fileSystemKit } from './testing/kit/file-system-kit.js';
export { pipeKit, type PipeFixture } from './testing/kit/pipe-kit.js';
export { compareWithModel, fileSystemModel } from './testing/model/compare.js';

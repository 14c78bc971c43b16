/** Kits for memory managers, page-table formats and page sources, and the machine to run them on. */
export * from './testing/fake-machine.js';
export * from './testing/fake-file.js';
export * from './testing/fake-disk.js';
export * from './testing/simple-blocks.js';
export * from './testing/model-space.js';
export * from './testing/space-commands.js';
export * from './testing/space-history.js';
export * from './testing/user-space-model.js';
export * from './testing/user-space-kit.js';
export * from './testing/page-source-kit.js';
export * from './testing/page-table-format-kit.js';
export { checkTableHistories, runTableHistory } from './testing/table-history.js';
export type { TableHistoryOptions } from './testing/table-history.js';
export { tableCommand } from './testing/table-commands.js';
export type { TableCommand } from './testing/table-commands.js';
export * from './testing/numa-frames-kit.js';
export type { KitLayout, KitRegion } from './testing/numa-frames-model.js';

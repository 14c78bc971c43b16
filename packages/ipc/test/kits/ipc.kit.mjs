/** The package's kit on its built files: run under vitest and node:test by tools/test-kits.mjs. */
import { createIpc } from '@veridian-os/ipc';
import { ipcKit } from '@veridian-os/ipc/testing';

export default function run(runner) {
  ipcKit(runner, createIpc, 300);
}

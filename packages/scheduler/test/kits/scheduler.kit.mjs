/** The package's kit on its built files: run under vitest and node:test by tools/test-kits.mjs. */
import { createScheduler } from '@veridian-os/scheduler';
import { schedulerKit } from '@veridian-os/scheduler/testing';

export default function run(runner) {
  schedulerKit(runner, createScheduler, 200);
}

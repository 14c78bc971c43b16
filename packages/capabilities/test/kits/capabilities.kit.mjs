/** The package's kit on its built files: run under vitest and node:test by tools/test-kits.mjs. */
import { createCapabilityTable } from '@veridian-os/capabilities';
import { capabilityKit } from '@veridian-os/capabilities/testing';

export default function run(runner) {
  capabilityKit(runner, (capacity) => createCapabilityTable({ capacity, spaces: 8 }), 100);
}

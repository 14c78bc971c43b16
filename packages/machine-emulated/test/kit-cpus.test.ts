/** The emulated machine with several CPUs against the same kit. */
import { describe, it } from '@jest/globals';
import { machineKit } from '@veridian-os/hal/testing';
import type { Machine } from '@veridian-os/hal';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { kickFromThread } from '../../../tools/kick-from-thread.js';

const create = (): Machine => EmulatedMachine.create({ cpus: 2, memoryBytes: 8 * 1024 * 1024, maxContexts: 1500 });

machineKit({ describe, it }, create, { name: 'emulated, 2 CPUs', kickFromThread });

import { describe, it } from '@jest/globals';
import { userSpaceKit } from '@veridian-os/memory/testing';
import { createManager } from '../create-manager.js';

userSpaceKit({ describe, it }, (machine, swap) => createManager(machine, 1, swap));

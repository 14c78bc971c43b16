import { describe, it } from '@jest/globals';
import { createScheduler } from '../../src/index.js';
import { schedulerKit } from '../../src/testing.js';

schedulerKit({ describe, it }, createScheduler);

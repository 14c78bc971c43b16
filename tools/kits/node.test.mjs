import { describe, it } from 'node:test';
import { runKits } from './discover.mjs';

await runKits({ describe, it });

import { describe, it } from 'vitest';
import { runKits } from './discover.mjs';

await runKits({ describe, it });

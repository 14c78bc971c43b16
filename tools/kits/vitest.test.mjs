import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, it } from 'vitest';
import { runKits } from './discover.mjs';

// Tests without a turn of the event loop for a minute would look to Vitest like a worker that is gone.
afterEach(() => setImmediate());

await runKits({ describe, it });

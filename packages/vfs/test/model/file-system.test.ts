import { describe, it } from '@jest/globals';
import { fileSystemModel } from '../../src/testing.js';
import { fixtures } from '../helpers/fixtures.js';

for (const [name, make] of Object.entries(fixtures)) {
  describe(name, () => fileSystemModel({ describe, it }, make, { numRuns: 200 }));
}

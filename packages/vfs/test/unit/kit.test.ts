import { describe, it } from '@jest/globals';
import { fileSystemKit } from '../../src/testing.js';
import { fixtures } from '../helpers/fixtures.js';

for (const [name, make] of Object.entries(fixtures)) {
  describe(name, () => fileSystemKit({ describe, it }, make));
}

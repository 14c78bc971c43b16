import { describe, it } from '@jest/globals';
import { personalityKit } from '../../src/testing.js';
import { linuxFixture } from '../helpers/linux-fixture.js';

personalityKit({ describe, it }, linuxFixture);

import { describe, it } from '@jest/globals';
import { aarch64 } from '@veridian-os/memory';
import { pageTableFormatKit } from '@veridian-os/memory/testing';

pageTableFormatKit({ describe, it }, aarch64, { maxFrame: 2 ** 36 - 1 });

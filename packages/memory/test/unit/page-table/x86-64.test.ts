import { describe, it } from '@jest/globals';
import { x86_64 } from '@veridian-os/memory';
import { pageTableFormatKit } from '@veridian-os/memory/testing';

pageTableFormatKit({ describe, it }, x86_64, { maxFrame: 2 ** 40 - 1 });

/** The machine of docs/write-your-own-machine.md: it passes the kit, and the kernel runs a program on it. */
import { describe, expect, it } from '@jest/globals';
import { machineKit } from '@veridian-os/hal/testing';
import { run } from '@veridian-os/veridian';
import { exits } from '@veridian-os/veridian/testing';
import { kickFromThread } from '../../../../tools/kick-from-thread.js';
import { TinyMachine } from './tiny-machine.js';

machineKit({ describe, it }, () => new TinyMachine(), { kickFromThread });

describe('the kernel on the tiny machine', () => {
  it('runs a Linux program', async () => {
    const result = await run(exits(7), { machine: new TinyMachine() });
    expect([result.kind, result.status]).toEqual(['exit', 7]);
    expect(result.statistics.instructions).toBeGreaterThan(0);
  });
});

import { describe, it } from '@jest/globals';
import * as fc from 'fast-check';
import { scripts } from '../../src/testing.js';
import { ScriptKernel } from '../harness.js';
import { hasHostShell, HOST_SHELL, runOnHost } from '../host-shell.js';

const RUNS = Number(process.env.VSH_SCRIPTS ?? 40);

(hasHostShell ? describe : describe.skip)(`random scripts, against ${HOST_SHELL}`, () => {
  it('print and answer the same', async () => {
    const kernel = new ScriptKernel();
    await fc.assert(
      fc.asyncProperty(scripts, async (script) => {
        const [ours, theirs] = await Promise.all([kernel.run(script), runOnHost(script)]);
        if (ours.stdout === theirs.stdout && ours.status === theirs.status) return;
        const expected = JSON.stringify(theirs, undefined, 1);
        throw new Error(`${script}\n${HOST_SHELL}: ${expected}\nvsh: ${JSON.stringify(ours, undefined, 1)}`);
      }),
      { numRuns: RUNS },
    );
  }, 300_000);
});

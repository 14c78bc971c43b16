import { describe, it } from '@jest/globals';
import { shellKit } from '../../src/testing.js';
import { ScriptKernel } from '../harness.js';
import { hasHostShell, runOnHost } from '../host-shell.js';

const kernel = new ScriptKernel();
shellKit({ describe, it }, 'vsh', (script) => kernel.run(script));

// The kit's own expectations: another shell must meet them too.
(hasHostShell ? describe : describe.skip)('on the host', () => {
  shellKit({ describe, it }, 'dash', runOnHost);
});

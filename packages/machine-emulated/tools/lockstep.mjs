/** `npm run lockstep`: test/lockstep/cli.ts. */
import { runBundled } from './bundled.mjs';

await runBundled('test/lockstep/cli.ts');

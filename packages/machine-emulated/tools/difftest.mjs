/** `npm run difftest`: test/differential/cli.ts. */
import { runBundled } from './bundled.mjs';

await runBundled('test/differential/cli.ts');

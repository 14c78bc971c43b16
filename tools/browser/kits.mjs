/**
 * The scenario that exercises every pure package: the names that each exports, then all conformance kits
 * (packages/X/test/kits) under a runner of a few lines, one line per case.
 */
import { join } from 'node:path';
import { findKits } from '../kits/discover.mjs';

const RUNNER = `
const cases = [];
const path = [];
const describe = (name, body) => { path.push(name); body(); path.pop(); };
const it = (name, body) => cases.push({ name: [...path, name].join(' > '), body });

export default async function main(print) {
  for (const [name, module] of modules) print(name + ': ' + Object.keys(module).sort().join(' '));
  for (const kit of kits) kit({ describe, it });
  let failed = 0;
  for (const { name, body } of cases) {
    try {
      await body();
      print('ok ' + name);
    } catch (error) {
      failed++;
      print('not ok ' + name + ': ' + error.message);
    }
  }
  if (failed > 0) throw new Error(failed + ' of ' + cases.length + ' cases failed');
}
`;

/** @returns the text of the scenario's module */
export function kitScenario(packages) {
  const kits = findKits(packages.map(({ name }) => name)).map(({ file }) => file);
  return [
    ...packages.map(({ dir }, i) => `import * as m${i} from ${JSON.stringify(join(dir, 'src/index.ts'))};`),
    ...kits.map((file, i) => `import k${i} from ${JSON.stringify(file)};`),
    `const modules = [${packages.map(({ manifest }, i) => `['${manifest.name}', m${i}]`).join(', ')}];`,
    `const kits = [${kits.map((_, i) => `k${i}`).join(', ')}];`,
    RUNNER,
  ].join('\n');
}

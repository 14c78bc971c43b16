/**
 * `npm run test:browser [-- NAME...]`: the same bytes in Node and in headless Chromium, with the same output.
 *
 *  1. Every package without host code is bundled for browsers from its sources; a `node:*` import is an error there.
 *  2. Each scenario below is bundled once and run twice, in Node and in a plain worker of a page served without
 *     isolation headers; the lines that it prints must be equal.
 *
 * A scenario is a module that exports `default async (print: (line: string) => void) => void` and prints nothing that
 * depends on time or place; the kernel's is packages/veridian/test/browser/entry.ts. Names restrict both steps to those
 * packages and their kits. The browser is $CHROMIUM or /usr/bin/chromium; without one, step 2 is skipped, unless
 * VERIDIAN_CI=1 makes that an error.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT, readPackages } from '../lib/packages.mjs';
import { checkAll, run } from '../lib/run.mjs';
import { withBrowser } from './chromium.mjs';
import { kitScenario } from './kits.mjs';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const NODE_TIMEOUT_MS = 300_000;
const folder = join(ROOT, `.build/browser-${process.pid}`);
mkdirSync(folder, { recursive: true });

const wanted = process.argv.slice(2);
const pure = readPackages().filter(
  ({ name, manifest }) =>
    manifest.veridian.layer !== 'cli' && !manifest.veridian.host && (wanted.length === 0 || wanted.includes(name)),
);

/** Bundles for a browser; resolves to what is wrong, or null. */
function bundle(entryPoint, outfile) {
  return build({
    entryPoints: [entryPoint],
    outfile,
    bundle: true,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    logLevel: 'silent',
  }).then(
    () => null,
    (error) => error.message,
  );
}

/** Where each scenario's lines go: to the page from a worker, to standard output from Node. */
const harness = (scenario) => `
import main from ${JSON.stringify(scenario)};
const inWorker = typeof importScripts === 'function';
const print = (line) => (inWorker ? postMessage({ line }) : console.log(line));
main(print).then(
  () => inWorker && postMessage({ done: true }),
  (error) => {
    print('failed: ' + (error?.stack ?? error));
    if (inWorker) postMessage({ done: true, failed: true });
    else process.exitCode = 1;
  },
);
`;

function scenarios() {
  const generated = join(folder, 'kits.mjs');
  // A package may say `"veridian": { "kits": "node" }`: it loads everywhere, but what it is for is not in a browser.
  writeFileSync(generated, kitScenario(pure.filter(({ manifest }) => manifest.veridian.kits !== 'node')));
  const kernel = join(ROOT, 'packages/veridian/test/browser/entry.ts');
  return [{ name: 'kits', file: generated }, ...(existsSync(kernel) ? [{ name: 'kernel', file: kernel }] : [])];
}

function compare(node, browser) {
  const length = Math.max(node.length, browser.length);
  for (let i = 0; i < length; i++) {
    if (node[i] !== browser[i]) return `line ${i + 1} differs:\n  node:    ${node[i]}\n  browser: ${browser[i]}`;
  }
  return null;
}

async function runBoth({ name, file }, runInWorker) {
  const entry = join(folder, `${name}-harness.mjs`);
  const script = join(folder, `${name}.js`);
  writeFileSync(entry, harness(file));
  const problem = await bundle(entry, script);
  if (problem !== null) return problem;
  const { status, output } = await run(process.execPath, [script], { timeoutMs: NODE_TIMEOUT_MS });
  if (status !== 0) return `in Node, status ${status}:\n${output}`;
  const node = output.trimEnd().split('\n');
  const { lines, failed } = await runInWorker(`/${name}.js`);
  if (failed) return `in the browser:\n${lines.join('\n')}`;
  console.log(`browser scenario ${name}: ${lines.length} lines`);
  return compare(node, lines.join('\n').trimEnd().split('\n'));
}

await checkAll('browser bundle', pure, ({ name, dir }) =>
  bundle(join(dir, 'src/index.ts'), join(folder, `bundle-${name}.js`)),
);
if (existsSync(CHROMIUM)) {
  await withBrowser(CHROMIUM, folder, (runInWorker) =>
    checkAll('browser scenario', scenarios(), (scenario) => runBoth(scenario, runInWorker), 1),
  );
} else {
  const required = process.env.VERIDIAN_CI === '1';
  console.log(`${required ? 'FAIL' : 'skipped:'} needs ${CHROMIUM}: apt-get install chromium, or set CHROMIUM`);
  if (required) process.exitCode = 1;
}
rmSync(folder, { recursive: true });

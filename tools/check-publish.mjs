/**
 * What a user gets: packs every built package, looks at each tarball with publint and are-the-types-wrong, installs
 * them all in an empty project and imports every entry as ESM, as CommonJS and in TypeScript (node16 resolution, both
 * module kinds). `.` must load without fast-check, which only kits need. `--no-install` stops after the tarballs.
 */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { ROOT, entries, readPackages } from './lib/packages.mjs';
import { checkAll, run, runBin } from './lib/run.mjs';

const { values } = parseArgs({ options: { 'no-install': { type: 'boolean' } } });
const packages = readPackages();
const folder = mkdtempSync(join(tmpdir(), 'veridian-publish-'));
const project = join(folder, 'project');
mkdirSync(project);

async function must(command, args, options) {
  const { status, output } = await run(command, args, options);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${output}`);
}

/** @returns what a step prints when it fails, else null */
async function outcome(promise) {
  const { status, output } = await promise;
  return status === 0 ? null : output;
}

await must('npm', ['pack', '--workspaces', '--pack-destination', folder]);
const tarballs = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
const tarballOf = ({ name, manifest }) =>
  tarballs.find((file) => file === `veridian-os-${name}-${manifest.version}.tgz`);

await checkAll('publint', packages, async (item) => {
  const bytes = new Uint8Array(readFileSync(join(folder, tarballOf(item)))).buffer;
  const { messages } = await publint({ strict: true, pack: { tarball: bytes } });
  return messages.length === 0 ? null : messages.map((message) => formatMessage(message, item.manifest)).join('\n');
});
/** In this process: what TypeScript's library has cost to parse once serves all packages. */
await checkAll('are the types wrong', packages, async (item) => {
  const bytes = new Uint8Array(readFileSync(join(folder, tarballOf(item))));
  const { types, problems = [] } = await checkPackage(createPackageFromTarballData(bytes));
  if (types === false) return 'it has no types';
  const wrong = problems.filter(({ resolutionKind }) => resolutionKind !== 'node10'); // older than `exports`
  return wrong.length === 0 ? null : wrong.map((problem) => JSON.stringify(problem)).join('\n');
});

/** Every entry of every package: what a user writes after `from`. */
const specifiers = packages.flatMap(({ manifest }) =>
  entries(manifest).map((entry) => (entry === 'index' ? manifest.name : `${manifest.name}/${entry}`)),
);

async function importEverywhere(wanted) {
  await checkAll('import (ESM)', wanted, (specifier) =>
    outcome(run(process.execPath, ['--input-type=module', '-e', `await import('${specifier}')`], { cwd: project })),
  );
  await checkAll('require (CommonJS)', wanted, (specifier) =>
    outcome(run(process.execPath, ['-e', `require('${specifier}')`], { cwd: project })),
  );
}

async function compileEverywhere() {
  const text = specifiers
    .map((specifier, index) => `import * as m${index} from '${specifier}';\nvoid m${index};\n`)
    .join('');
  writeFileSync(join(project, 'esm.mts'), text);
  writeFileSync(join(project, 'cjs.cts'), text);
  const options = '--noEmit --strict --target es2022 --module node16 --types node'.split(' ');
  await checkAll('types', ['esm.mts', 'cjs.cts'], (file) =>
    outcome(runBin('tsc', [...options, file], { cwd: project })),
  );
}

if (!values['no-install']) {
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
  const install = ['install', '--no-audit', '--no-fund', '--prefer-offline'];
  await must('npm', [...install, ...tarballs.map((file) => join(folder, file))], { cwd: project });
  await importEverywhere(specifiers.filter((specifier) => !specifier.endsWith('/testing')));
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const extra = ['fast-check', '@types/node'].map((name) => `${name}@${devDependencies[name]}`);
  await must('npm', [...install, ...extra], { cwd: project });
  await importEverywhere(specifiers.filter((specifier) => specifier.endsWith('/testing')));
  await compileEverywhere();
  await checkAll('command', ['veridian --help', 'veridian --version', 'veridian start --quiet -c true'], (line) =>
    outcome(run(join(project, 'node_modules/.bin/veridian'), line.split(' ').slice(1), { cwd: project })),
  );
}
rmSync(folder, { recursive: true });

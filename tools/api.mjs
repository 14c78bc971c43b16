/**
 * The public interface of every package as text: `api/NAME.api.md` for `.`, `api/NAME.ENTRY.api.md` for each other
 * entry, extracted from the built types. A change of an interface thus shows in review.
 *
 *   npm run api [-- NAME...]      writes the reports (build first)
 *   npm run api -- --check        fails where a report differs from what was built
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CompilerState, Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { ROOT, entries, readPackages } from './lib/packages.mjs';
import { checkAll } from './lib/run.mjs';

const REPORTS = join(ROOT, 'api');
const SCRATCH = join(ROOT, '.build/api');

/** Without release tags and with `export *` of other packages, which are style here and not defects. */
const MESSAGES = {
  compilerMessageReporting: { default: { logLevel: 'error' } },
  extractorMessageReporting: { default: { logLevel: 'none' } },
  tsdocMessageReporting: { default: { logLevel: 'none' } },
};

const typesOf = ({ dir, entry }) => join(dir, `dist/${entry}.d.ts`);

const reportOf = ({ name, entry }) => (entry === 'index' ? `${name}.api.md` : `${name}.${entry}.api.md`);

function configOf(item) {
  const { dir } = item;
  const types = typesOf(item);
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: dir,
      mainEntryPointFilePath: types,
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'ES2022',
            module: 'ESNext',
            moduleResolution: 'bundler',
            strict: true,
            skipLibCheck: true,
            types: ['node'],
          },
          files: [types],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: reportOf(item),
        reportFolder: REPORTS,
        reportTempFolder: SCRATCH,
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      newlineKind: 'lf',
      messages: MESSAGES,
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(dir, 'package.json'),
  });
}

/** @param compilerState one program for all entries: most of each is the same library @returns what is wrong, or null */
function extract(item, compilerState, check) {
  const config = configOf(item);
  const problems = [];
  const result = Extractor.invoke(config, {
    compilerState,
    localBuild: !check,
    messageCallback: (message) => {
      if (message.logLevel === 'error') problems.push(message.text);
      message.handled = true;
    },
  });
  if (check && result.apiReportChanged)
    problems.push(`api/${reportOf(item)} differs from the build: npm run api, and commit it`);
  return problems.length > 0 ? problems.join('\n') : null;
}

const { values, positionals } = parseArgs({ options: { check: { type: 'boolean' } }, allowPositionals: true });
mkdirSync(REPORTS, { recursive: true });
const items = readPackages()
  .filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  .flatMap((item) => entries(item.manifest).map((entry) => ({ ...item, entry })));
const built = items.filter((item) => existsSync(typesOf(item)));
const additionalEntryPoints = built.map(typesOf);
const state = built.length > 0 ? CompilerState.create(configOf(built[0]), { additionalEntryPoints }) : undefined;
await checkAll(
  'API report',
  items,
  async (item) =>
    built.includes(item) ? extract(item, state, values.check === true) : `${typesOf(item)} is missing: npm run build`,
  1,
);

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
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
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

function extract({ name, dir, entry }, check) {
  const types = join(dir, `dist/${entry}.d.ts`);
  if (!existsSync(types)) return `${types} is missing: npm run build`;
  const report = entry === 'index' ? `${name}.api.md` : `${name}.${entry}.api.md`;
  const config = ExtractorConfig.prepare({
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
        reportFileName: report,
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
  const problems = [];
  const result = Extractor.invoke(config, {
    localBuild: !check,
    messageCallback: (message) => {
      if (message.logLevel === 'error') problems.push(message.text);
      message.handled = true;
    },
  });
  if (check && result.apiReportChanged)
    problems.push(`api/${report} differs from the build: npm run api, and commit it`);
  return problems.length > 0 ? problems.join('\n') : null;
}

const { values, positionals } = parseArgs({ options: { check: { type: 'boolean' } }, allowPositionals: true });
mkdirSync(REPORTS, { recursive: true });
const items = readPackages()
  .filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  .flatMap((item) => entries(item.manifest).map((entry) => ({ ...item, entry })));
await checkAll('API report', items, async (item) => extract(item, values.check === true), 1);

import { beforeAll, describe, expect, test } from '@jest/globals';
import { runTool, withTree, type Outcome } from './tool.js';

interface Fixture {
  layer: string;
  dependencies?: string[];
  files: Record<string, string>;
}

/** Checks a workspace of the given packages. */
function check(packages: Record<string, Fixture>): Outcome {
  const tree: Record<string, string> = {};
  for (const [name, { layer, dependencies = [], files }] of Object.entries(packages)) {
    tree[`packages/${name}/package.json`] = JSON.stringify({
      name: `@veridian-os/${name}`,
      veridian: { layer },
      dependencies: Object.fromEntries(dependencies.map((dependency) => [dependency, '*'])),
      peerDependencies: { 'fast-check': '*' },
    });
    for (const [file, text] of Object.entries(files)) tree[`packages/${name}/${file}`] = text;
  }
  return withTree(tree, (root) => runTool('check-deps.mjs', ['--root', root]));
}

const abi: Fixture = { layer: 'abi', files: { 'src/index.ts': 'export const a = 1;' } };
const subsystem = (text: string, file = 'src/x.ts', dependencies: string[] = []): Outcome =>
  check({ abi, x: { layer: 'subsystem', dependencies, files: { [file]: text } } });

/** One run over all texts (a run takes half a second), each in a file of its own: `src/0.ts`, `src/1.ts`, ... */
function checkTexts(texts: string[], dependencies: string[]): Outcome {
  const files = Object.fromEntries(texts.map((text, index) => [`src/${index}.ts`, text]));
  return check({ abi, x: { layer: 'subsystem', dependencies, files } });
}

const ACCEPTED = [
  ['an import from a layer below', "import { a } from '@veridian-os/abi'; export { a };"],
  ['a local name that shadows a host global', 'export function f(process: number) { return process + 1; }'],
  ['a property with the name of a host global', 'export const f = (x: { Date: number }) => x.Date;'],
  ['a type with the name of a host global', 'export type F = (x: Date) => Worker;'],
  ['pure members of Math', 'export const f = (x: number) => Math.clz32(x);'],
];

const REJECTED = [
  ['Date.now', 'export const f = () => Date.now();', 'host API Date'],
  ['Math.random', 'export const f = () => Math.random();', 'host API Math.random'],
  ['Math["random"]', 'export const f = () => Math["random"]();', 'host API Math.random'],
  ['destructured Math.random', 'const { random } = Math; export { random };', 'host API Math.random'],
  ['performance', 'export const f = () => performance.now();', 'host API performance'],
  ['a timer', 'export const f = () => setTimeout(f, 1);', 'host API setTimeout'],
  ['process', 'export const f = () => process.env.HOME;', 'host API process'],
  ['Buffer', 'export const f = () => Buffer.alloc(1);', 'host API Buffer'],
  ['require', "export const f = () => require('fs');", 'host API require'],
  ['globalThis', 'export const f = () => globalThis;', 'host API globalThis'],
  ['import.meta', 'export const f = () => import.meta.url;', 'host API import.meta'],
  ['a node module', "import 'node:fs';", 'node:fs outside host code'],
  ['a dynamic import of a node module', "export const f = () => import('node:fs');", 'node:fs outside host code'],
  ['an undeclared module', "import 'left-pad';", "'left-pad' is not declared"],
  ['fast-check outside a kit', "import 'fast-check';", 'outside src/testing'],
  ['a relative import without .js', "import './y';", 'must end in .js'],
  ['a relative import of another package', "import '../../abi/src/index.js';", "leaves the package's src"],
];

describe('check-deps accepts', () => {
  test('pure code', () => {
    const outcome = checkTexts(
      ACCEPTED.map(([, text]) => text),
      ['@veridian-os/abi'],
    );
    expect(outcome).toEqual({ status: 0, output: 'layering: 2 packages, 0 problems\n' });
  });

  test('host APIs in the kernel’s host ports and in cli', () => {
    const text = "import { readFileSync } from 'node:fs'; export const f = () => [Date.now(), readFileSync];";
    expect(check({ k: { layer: 'kernel', files: { 'src/host/clock.ts': text } } }).status).toBe(0);
    expect(check({ c: { layer: 'cli', files: { 'src/main.ts': text } } }).status).toBe(0);
  });

  test('fast-check in a kit', () => {
    expect(subsystem("import * as fc from 'fast-check'; export { fc };", 'src/testing.ts').status).toBe(0);
  });
});

describe('check-deps rejects', () => {
  let output: string;
  beforeAll(() => {
    const outcome = checkTexts(
      REJECTED.map(([, text]) => text),
      [],
    );
    expect(outcome.status).toBe(1);
    output = outcome.output;
  });

  test.each(REJECTED.map(([name, , message], index) => ({ name, message, index })))('$name', ({ message, index }) => {
    const complaints = output.split('\n').filter((line) => line.startsWith(`packages/x/src/${index}.ts:1: `));
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toContain(message);
  });

  test('an arrow between subsystems, or upwards', () => {
    const y: Fixture = { layer: 'subsystem', files: { 'src/index.ts': 'export {};' } };
    const files = { 'src/index.ts': "export * from '@veridian-os/y';" };
    const dependencies = ['@veridian-os/y'];
    for (const layer of ['subsystem', 'machine', 'hal', 'abi']) {
      const { status, output } = check({ y, x: { layer, dependencies, files } });
      expect({ layer, status }).toEqual({ layer, status: 1 });
      expect(output).toContain(`layer ${layer} may not import @veridian-os/y (layer subsystem)`);
    }
  });

  test('a kernel file outside src/host that talks to its host', () => {
    const { status, output } = check({
      k: { layer: 'kernel', files: { 'src/boot.ts': 'export const t = Date.now();' } },
    });
    expect(status).toBe(1);
    expect(output).toContain('host API Date');
  });

  test('a declared dependency that nothing uses, and an unknown layer', () => {
    expect(subsystem('export {};', 'src/x.ts', ['@veridian-os/abi']).output).toContain('@veridian-os/abi is not used');
    expect(check({ x: { layer: 'attic', files: {} } })).toMatchObject({ status: 1 });
  });
});

/**
 * Holds the architecture's arrows. For every file of every `packages/X/src`:
 *  - a package is imported only from a layer below (tools/lib/layers.mjs), and only if package.json declares it;
 *  - every declared dependency is used;
 *  - relative imports end in `.js` and stay inside the package;
 *  - `node:*`, clocks, randomness, timers and other host APIs appear only in host code.
 *
 *   node tools/check-deps.mjs [--root FOLDER]
 */
import { readFileSync } from 'node:fs';
import { join, normalize, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseForESLint } from '@typescript-eslint/parser';
import { simpleTraverse } from '@typescript-eslint/typescript-estree';
import { HOST_GLOBALS, HOST_MEMBERS, KIT_MODULES, MAY_IMPORT, isHostCode, isKit } from './lib/layers.mjs';
import { SCOPE } from './lib/package-template.mjs';
import { ROOT, listFiles, readPackages } from './lib/packages.mjs';

/** What a file reaches: module specifiers, and host globals or members; each with its line. */
function inspect(source) {
  const { ast, scopeManager } = parseForESLint(source, { loc: true, range: true, lib: [], sourceType: 'module' });
  const imports = [];
  const hostUses = [];
  const line = (node) => node.loc.start.line;
  simpleTraverse(ast, {
    enter(node) {
      if (/^(Import|Export(All|Named))Declaration$|^ImportExpression$/.test(node.type) && node.source) {
        imports.push({ specifier: String(node.source.value ?? '(computed)'), line: line(node) });
      } else if (node.type === 'TSImportType') {
        imports.push({ specifier: String(node.source.value), line: line(node) });
      } else if (node.type === 'MemberExpression' && HOST_MEMBERS[node.object.name]?.has(memberName(node))) {
        hostUses.push({ name: `${node.object.name}.${memberName(node)}`, line: line(node) });
      } else if (node.type === 'VariableDeclarator' && node.id.type === 'ObjectPattern') {
        for (const { key } of node.id.properties) {
          if (HOST_MEMBERS[node.init?.name]?.has(key?.name))
            hostUses.push({ name: `${node.init.name}.${key.name}`, line: line(node) });
        }
      } else if (node.type === 'MetaProperty' && node.meta.name === 'import') {
        hostUses.push({ name: 'import.meta', line: line(node) });
      }
    },
  });
  for (const { identifier, isTypeReference } of scopeManager.globalScope.through) {
    if (HOST_GLOBALS.has(identifier.name) && !isTypeReference)
      hostUses.push({ name: identifier.name, line: line(identifier) });
  }
  return { imports, hostUses };
}

function memberName({ computed, property }) {
  return computed ? property.value : property.name;
}

/** @returns the package that a bare specifier names: `@scope/name` or `name`, without the entry */
function moduleOf(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** Checks one import; returns what is wrong or null, and notes the dependency as used. */
function checkImport({ item, file, specifier, layerOf, used }) {
  const { layer } = item.manifest.veridian;
  if (specifier.startsWith('.')) {
    if (!specifier.endsWith('.js')) return `relative import '${specifier}' must end in .js`;
    return normalize(join(file, '..', specifier)).startsWith('src/') ? null : `'${specifier}' leaves the package's src`;
  }
  if (specifier.startsWith('node:'))
    return isHostCode(item.manifest.veridian, file) ? null : `${specifier} outside host code`;
  const module = moduleOf(specifier);
  used.add(module);
  const { dependencies = {}, peerDependencies = {} } = item.manifest;
  if (!(module in dependencies) && !(module in peerDependencies))
    return `'${specifier}' is not declared in package.json`;
  if (KIT_MODULES.has(module)) return isKit(file) ? null : `'${specifier}' outside src/testing`;
  if (!module.startsWith(`${SCOPE}/`)) return null;
  const below = layerOf.get(module);
  if (MAY_IMPORT[layer].includes(below)) return null;
  return `layer ${layer} may not import ${module} (layer ${below}); it may import: ${MAY_IMPORT[layer].join(', ') || 'nothing'}`;
}

function checkPackage(item, layerOf) {
  const { manifest, dir } = item;
  if (!(manifest.veridian?.layer in MAY_IMPORT)) {
    return [
      `${item.name}/package.json: "veridian": { "layer": one of ${Object.keys(MAY_IMPORT).join(', ')} }, got ${manifest.veridian?.layer}`,
    ];
  }
  const problems = [];
  const used = new Set();
  for (const file of listFiles(join(dir, 'src')).map((name) => `src/${name}`)) {
    if (!file.endsWith('.ts') || file.startsWith('src/generated/')) continue;
    const { imports, hostUses } = inspect(readFileSync(join(dir, file), 'utf8'));
    const complain = (line, text) => problems.push(`packages/${item.name}/${file}:${line}: ${text}`);
    for (const { specifier, line } of imports) {
      const problem = checkImport({ item, file, specifier, layerOf, used });
      if (problem !== null) complain(line, problem);
    }
    if (isHostCode(manifest.veridian, file)) continue;
    for (const { name, line } of hostUses) complain(line, `host API ${name} outside host code`);
  }
  for (const name of Object.keys(manifest.dependencies ?? {})) {
    if (!used.has(name)) problems.push(`packages/${item.name}/package.json: dependency ${name} is not used`);
  }
  return problems;
}

const { values } = parseArgs({ options: { root: { type: 'string', default: ROOT } } });
const packages = readPackages(resolve(values.root));
const layerOf = new Map(packages.map(({ manifest }) => [manifest.name, manifest.veridian?.layer]));
const problems = packages.flatMap((item) => checkPackage(item, layerOf));
for (const problem of problems) console.log(problem);
console.log(`layering: ${packages.length} packages, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;

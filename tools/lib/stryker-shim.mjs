/**
 * `@jest/globals` for tests that run in a bundle, without jest: what the packages' tests use of it. Tests are collected and
 * run by stryker-runner.mjs.
 */
import { format } from 'node:util';
import { ModuleMocker } from 'jest-mock';

export { expect } from 'expect';
export const jest = new ModuleMocker(globalThis);

/** { id, name, body, before, after } in the order of their files. */
const tests = (globalThis.__veridianTests__ = []);
/** Names and hooks of the `describe`s around what is being collected. */
let scopes = [];

export function describe(name, body) {
  scopes = [...scopes, { name, before: [], after: [] }];
  body();
  scopes = scopes.slice(0, -1);
}

export function it(name, body) {
  const around = scopes;
  const title = [...around.map((scope) => scope.name), name].join(' ');
  tests.push({
    id: `${tests.length}: ${title}`,
    name: title,
    body,
    before: () => around.flatMap((scope) => scope.before),
    after: () => around.flatMap((scope) => scope.after),
  });
}

const each = (declare) => (table) => (name, body) =>
  table.forEach((row, index) => {
    const values = Array.isArray(row) ? row : [row];
    declare(format(name.replaceAll('%#', index).replaceAll('%p', '%j'), ...values), () => body(...values));
  });

const skip = () => {};
describe.each = each(describe);
describe.skip = skip;
it.each = each(it);
it.skip = skip;
it.skip.each = () => skip;
export const test = it;

const hook = (kind) => (body) => void scopes.at(-1)?.[kind].push(body);
export const beforeEach = hook('before');
export const afterEach = hook('after');
/** Before each test too: whatever they prepare is prepared anew. */
export const beforeAll = hook('before');
export const afterAll = hook('after');

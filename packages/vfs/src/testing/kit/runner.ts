/** What a kit needs of a test runner, and its assertions: plain errors, so that any runner reports them. */
import { errnoName, type Errno } from '@veridian-os/abi';

/** The part of jest, vitest and node:test that the kits use. */
export interface Runner {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => void): unknown;
}

function show(value: unknown): string {
  return typeof value === 'number' && value < 0 ? errnoName(value) : (JSON.stringify(value) ?? String(value));
}

/** @throws Error unless both are the same number, string or boolean */
export function same<T extends number | string | boolean | undefined>(actual: T, expected: T, what: string): void {
  if (!Object.is(actual, expected)) throw new Error(`${what}: expected ${show(expected)}, got ${show(actual)}`);
}

/** @throws Error unless both have the same JSON form */
export function alike(actual: unknown, expected: unknown, what: string): void {
  const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (got !== wanted) throw new Error(`${what}: expected ${wanted}, got ${got}`);
}

/** @throws Error unless it holds */
export function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

/** @throws Error when `result` is an Errno; else returns it */
export function worked<T>(result: T | Errno, what: string): T {
  if (typeof result === 'number' && result < 0) throw new Error(`${what}: ${errnoName(result)}`);
  return result as T;
}

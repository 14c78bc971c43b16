/** The few assertions that the kits need; they throw Errors, so any test framework shows them. */
import { isKernelPanic } from '@veridian-os/abi';

export function check(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: expected ${String(expected)}, got ${String(actual)}`);
}

/** A value that is not an error number. */
export function ok<T>(result: T | number, what: string): T {
  if (typeof result === 'number' && result < 0) throw new Error(`${what}: expected success, got ${result}`);
  return result as T;
}

export function panics(code: string, body: () => void): void {
  let thrown: unknown;
  try {
    body();
  } catch (error) {
    thrown = error;
  }
  if (!isKernelPanic(thrown) || thrown.code !== code) {
    throw new Error(`expected KernelPanic ${code}, got ${String(thrown)}`);
  }
}

import { isKernelPanic } from '@veridian-os/abi';

export interface TestFramework {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => void): void;
}

export function check(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: expected ${String(expected)}, got ${String(actual)}`);
}

/** `body` ends in a panic of this code. */
export function panics(code: string, body: () => void): void {
  let thrown: unknown;
  try {
    body();
  } catch (error) {
    thrown = error;
  }
  check(isKernelPanic(thrown) && thrown.code === code, `expected KernelPanic ${code}, got ${String(thrown)}`);
}

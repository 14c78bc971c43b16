/** The few assertions that the kit needs, so that it runs under any test runner. */
import { isKernelPanic } from '@veridian-os/abi';

/** Fails the case. */
export function fail(message: string): never {
  throw new Error(message);
}

export function check(condition: boolean, message: string): asserts condition {
  if (!condition) fail(message);
}

/** Same primitive value. */
export function equal<T extends number | string | boolean | undefined>(actual: T, expected: T, what: string): void {
  if (!Object.is(actual, expected)) fail(`${what}: expected ${show(expected)}, got ${show(actual)}`);
}

export function equalBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  equal(actual.length, expected.length, `${what}, length`);
  for (let i = 0; i < expected.length; i++) {
    if (actual[i] !== expected[i]) equal(actual[i], expected[i], `${what}, byte ${i}`);
  }
}

/** `action` throws a RangeError whose message names `argument`. */
export function throwsRangeError(action: () => unknown, argument: string): void {
  const error = caught(action, `a RangeError about ${argument}`);
  check(error instanceof Error && error.name === 'RangeError', `expected a RangeError, got ${String(error)}`);
  check(error.message.includes(argument), `expected a message that names ${argument}, got '${error.message}'`);
}

/** `action` throws a RangeError or a KernelPanic: a caller's mistake that the interface leaves the choice of. */
export function refuses(action: () => unknown, what: string): void {
  const error = caught(action, `a RangeError or KernelPanic for ${what}`);
  const known = isKernelPanic(error) || (error instanceof Error && error.name === 'RangeError');
  check(known, `${what}: expected a RangeError or KernelPanic, got ${String(error)}`);
}

/** `action` throws a KernelPanic with this code. */
export function panics(action: () => unknown, code: string): void {
  const error = caught(action, `KernelPanic ${code}`);
  check(isKernelPanic(error), `expected KernelPanic ${code}, got ${String(error)}`);
  equal(error.code, code, 'panic code');
}

function caught(action: () => unknown, expected: string): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return fail(`expected ${expected}, got no error`);
}

function show(value: number | string | boolean | undefined): string {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) > 9
    ? `${value} (0x${value.toString(16)})`
    : String(value);
}

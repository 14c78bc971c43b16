import { describe, expect, it, jest } from '@jest/globals';
import type * as abi from '@veridian-os/abi';
import { KernelPanic, isKernelPanic, panic } from '@veridian-os/abi';

function caught(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('panic', () => {
  it('throws a KernelPanic with its code, and the detail in the message', () => {
    const error = caught(() => panic('buddy/bad-free', 'frame 7'));
    expect(error).toMatchObject({ name: 'KernelPanic', code: 'buddy/bad-free', message: 'buddy/bad-free: frame 7' });
    expect(error).toBeInstanceOf(Error);
    expect(new KernelPanic('a/b').message).toBe('a/b');
  });

  it('is recognised across two copies of this package', () => {
    let other: typeof abi | undefined;
    jest.isolateModules(() => {
      other = jest.requireActual<typeof abi>('@veridian-os/abi');
    });
    const error = caught(() => other!.panic('x/y'));
    expect(other!.KernelPanic).not.toBe(KernelPanic);
    expect(error).not.toBeInstanceOf(KernelPanic);
    expect(isKernelPanic(error)).toBe(true);
    expect(other!.isKernelPanic(new KernelPanic('x/y'))).toBe(true);
  });

  it('takes nothing else for one', () => {
    const pretender = { name: 'KernelPanic', code: 'x/y' };
    for (const value of [new Error('x'), new RangeError('x'), pretender, 'KernelPanic', null, undefined]) {
      expect(isKernelPanic(value)).toBe(false);
    }
    expect(isKernelPanic(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe(false);
  });
});

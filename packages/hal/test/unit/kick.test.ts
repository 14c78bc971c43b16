import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { CpuId } from '@veridian-os/abi';
import { Kicks, kick } from '@veridian-os/hal';

const [FIRST, SECOND] = [0 as CpuId, 1 as CpuId];

describe('kicks', () => {
  it('wait until they are taken, are taken once, by the CPU that is meant', () => {
    const kicks = new Kicks(2);
    kick(kicks.handle(SECOND));
    kick(kicks.handle(SECOND));
    expect([kicks.isKicked(FIRST), kicks.isKicked(SECOND)]).toEqual([false, true]);
    expect([kicks.take(FIRST), kicks.take(SECOND), kicks.take(SECOND)]).toEqual([false, true, false]);
    kick(kicks.handle(SECOND));
    expect(kicks.take(SECOND)).toBe(true);
  });

  it('ring every time, also when the CPU is kicked already', () => {
    const { words, cpu } = new Kicks(1).handle(FIRST);
    kick({ words, cpu });
    kick({ words, cpu });
    expect([...words]).toEqual([2, 1]);
  });

  it('leave alone that a listener has woken the CPU', () => {
    const kicks = new Kicks(1);
    const handle = kicks.handle(FIRST);
    handle.words[1] = 2;
    kick(handle);
    expect(handle.words[1]).toBe(2);
    expect(kicks.take(FIRST)).toBe(true);
  });

  it('work with a handle that was cloned', () => {
    const kicks = new Kicks(1);
    kick(structuredClone(kicks.handle(FIRST)));
    expect(kicks.take(FIRST)).toBe(true);
  });

  it('are made by the text of the function, in a realm that has nothing of ours', () => {
    const kicks = new Kicks(1);
    runInNewContext(`(${kick.toString()})(handle)`, { handle: kicks.handle(FIRST), Atomics });
    expect(kicks.take(FIRST)).toBe(true);
  });

  it.each([-1, 2, 0.5, NaN])('CPU %p of two is refused', (cpu) => {
    const kicks = new Kicks(2);
    expect(() => kicks.handle(cpu as CpuId)).toThrow(new RangeError(`cpu: expected an integer 0 .. 1, got ${cpu}`));
    expect(kicks.isOpen).toBe(false);
  });
});

describe('a listener', () => {
  const close = jest.fn();
  const listen = jest.fn((_words: Int32Array) => ({ close, failure: undefined as string | undefined }));
  afterEach(() => {
    jest.clearAllMocks();
  });

  it('is asked for by the first handle, and closed once', () => {
    const kicks = new Kicks(2, listen);
    expect([kicks.isOpen, listen.mock.calls.length]).toEqual([false, 0]);
    const { words } = kicks.handle(FIRST);
    kicks.handle(SECOND);
    expect([kicks.isOpen, listen.mock.calls]).toEqual([true, [[words]]]);
    kicks.close();
    kicks.close();
    expect(close).toHaveBeenCalledTimes(1);
    kick(kicks.handle(FIRST));
  });

  it('is not asked for after close', () => {
    const kicks = new Kicks(1, listen);
    kicks.close();
    kick(kicks.handle(FIRST));
    expect(listen).not.toHaveBeenCalled();
  });

  it('that broke is an error of the next handle', () => {
    const kicks = new Kicks(1, () => ({ close, failure: 'no koffi' }));
    expect(() => kicks.handle(FIRST)).toThrow('kicks are not heard: no koffi');
  });
});

it('a host without shared memory is told so', () => {
  const { SharedArrayBuffer: shared } = globalThis;
  try {
    Object.assign(globalThis, { SharedArrayBuffer: undefined });
    expect(() => new Kicks(1).handle(FIRST)).toThrow('need SharedArrayBuffer');
  } finally {
    Object.assign(globalThis, { SharedArrayBuffer: shared });
  }
});

import { describe, expect, it } from '@jest/globals';
import { EAGAIN } from '@veridian-os/abi';
import type { Asid } from '@veridian-os/abi';
import { AsidAllocator } from '@veridian-os/memory';

describe('AsidAllocator', () => {
  it('never gives 0, and EAGAIN when all are in use', () => {
    const asids = new AsidAllocator(3);
    expect([asids.alloc(), asids.alloc(), asids.alloc()]).toEqual([1, 2, 3]);
    expect(asids.alloc()).toBe(EAGAIN);
  });

  it('gives freed identifiers again, oldest first and only after all fresh ones', () => {
    const asids = new AsidAllocator(3);
    asids.alloc();
    asids.alloc();
    asids.free(2 as Asid);
    asids.free(1 as Asid);
    expect([asids.alloc(), asids.alloc(), asids.alloc(), asids.alloc()]).toEqual([3, 2, 1, EAGAIN]);
    for (let i = 0; i < 10; i++) {
      asids.free(((i % 3) + 1) as Asid);
      expect(asids.alloc()).toBe((i % 3) + 1);
    }
  });

  it.each([0, 65536, 1.5, NaN])('refuses a limit of %p', (limit) => {
    expect(() => new AsidAllocator(limit)).toThrow(RangeError);
  });
});

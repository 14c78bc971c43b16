/** Cases of the user-space kit: mprotect, madvise, mremap. */
import { EACCES, EFAULT, EINVAL, ENOMEM, PAGE_SIZE } from '@veridian-os/abi';
import { AccessKind, FaultResult, PROT_EXEC, PROT_NONE, PROT_READ } from '../../api.js';
import type { UserSpace } from '../../api.js';
import { check, equal, ok } from '../assert.js';
import { FAULT } from '../fake-machine.js';
import { A, GIB, RW } from './bench.js';
import type { BenchFactory, TestFramework } from './bench.js';

export function changeCases({ describe, it }: TestFramework, bench: BenchFactory): void {
  describe('user space: mprotect, madvise, mremap', () => {
    it('refuses protections of bad ranges with the state unchanged', () => {
      const b = bench();
      b.map(A, 2 * PAGE_SIZE);
      equal(b.space.protect(A + 1, 1, PROT_READ), EINVAL, 'unaligned');
      equal(b.space.protect(A, PAGE_SIZE, 16), EINVAL, 'unknown bits');
      equal(b.space.protect(A, 3 * PAGE_SIZE, PROT_READ), ENOMEM, 'part unmapped');
      equal(b.space.protect(A, 0, PROT_READ), 0, 'nothing');
      equal(b.space.mappings()[0].prot, RW, 'protection');
      equal(b.space.mappings().length, 1, 'mappings');
    });

    it('never gives a mapping more than its maxProt', () => {
      const b = bench();
      b.map(A, PAGE_SIZE, PROT_READ, { source: b.file(1), shared: true, maxProt: PROT_READ | PROT_EXEC });
      equal(b.space.protect(A, PAGE_SIZE, RW), EACCES, 'write');
      equal(b.space.protect(A, PAGE_SIZE, PROT_READ | PROT_EXEC), 0, 'execute');
    });

    it('forbids memory that is writable and executable when the policy is strict', () => {
      const strict = bench({}, 'strict');
      equal(strict.map(A, PAGE_SIZE, RW | PROT_EXEC), EACCES, 'map');
      equal(strict.map(A, PAGE_SIZE), A, 'map without execute');
      equal(strict.space.protect(A, PAGE_SIZE, RW | PROT_EXEC), EACCES, 'protect');
      equal(ok<UserSpace>(strict.space.fork(), 'fork').protect(A, PAGE_SIZE, 7), EACCES, 'protect in a child');
      equal(bench().map(A, PAGE_SIZE, RW | PROT_EXEC), A, 'the same under linux');
    });

    it('keeps contents behind PROT_NONE and takes rights away at once', () => {
      const b = bench();
      b.map(A, 3 * PAGE_SIZE);
      for (let i = 0; i < 3; i++) b.store(b.space, A + i * PAGE_SIZE, i + 1);
      equal(b.space.protect(A, 3 * PAGE_SIZE, PROT_NONE), 0, 'protect');
      b.machine.checkTranslations();
      equal(b.machine.load(b.space, A), FAULT, 'load');
      equal(b.space.read(A, new Uint8Array(1)), EFAULT, 'read by the kernel');
      const child = ok<UserSpace>(b.space.fork(), 'fork');
      equal(child.protect(A, 3 * PAGE_SIZE, RW), 0, 'protect in the child');
      equal(b.load(child, A + 2 * PAGE_SIZE), 3, "the child's page");
      equal(b.space.protect(A, PAGE_SIZE, PROT_READ), 0, 'protect again');
      equal(b.machine.load(b.space, A), 1, 'load without a fault');
      equal(b.store(b.space, A, 9), FaultResult.Forbidden, 'store');
    });

    it('takes rights away from the kernel too', () => {
      const b = bench();
      b.map(A, 2 * PAGE_SIZE);
      equal(b.space.write(A, Uint8Array.of(1)), 0, 'write');
      equal(b.space.write(A + PAGE_SIZE, Uint8Array.of(2)), 0, 'write');
      equal(b.space.protect(A, PAGE_SIZE, PROT_READ), 0, 'protect');
      equal(b.space.write(A, Uint8Array.of(3)), EFAULT, 'write after protect');
      equal(b.space.read(A, new Uint8Array(1)), 0, 'read after protect');
      equal(b.space.unmap(A, PAGE_SIZE), 0, 'unmap');
      equal(b.space.read(A, new Uint8Array(1)), EFAULT, 'read after unmap');
      equal(b.load(b.space, A + PAGE_SIZE), 2, 'the neighbour, which shares the tables');
    });

    it('protects more pages than fit in a batch', () => {
      const b = bench({ regionFrames: [2000] });
      b.map(A, 1500 * PAGE_SIZE);
      for (let i = 0; i < 1500; i++) b.store(b.space, A + i * PAGE_SIZE, i & 255);
      equal(b.space.protect(A, 1500 * PAGE_SIZE, PROT_READ), 0, 'protect');
      b.machine.checkTranslations();
      const child = ok<UserSpace>(b.space.fork(), 'fork');
      for (let i = 0; i < 1500; i += 13) equal(b.load(child, A + i * PAGE_SIZE), i & 255, `page ${i}`);
      equal(b.space.protect(A, 1500 * PAGE_SIZE, RW), 0, 'protect back');
      const moved = b.space.remap(A, 1500 * PAGE_SIZE, 1500 * PAGE_SIZE, true, A + GIB);
      equal(moved, A + GIB, 'remap');
      for (let i = 0; i < 1500; i += 13) equal(b.load(b.space, moved + i * PAGE_SIZE), i & 255, `moved page ${i}`);
      b.machine.checkTranslations();
    });

    it('answers ENOMEM to a discard with holes, after dropping the rest', () => {
      const b = bench();
      b.map(A, PAGE_SIZE);
      b.store(b.space, A, 1);
      equal(b.space.discard(A, 2 * PAGE_SIZE), ENOMEM, 'discard');
      equal(b.space.residentFrames, 0, 'residentFrames');
      equal(b.space.discard(A + 1, 1), EINVAL, 'unaligned');
      equal(b.space.discard(A, 0), 0, 'nothing');
    });

    it('resizes in place where there is room, else moves or refuses', () => {
      const b = bench();
      b.map(A, 2 * PAGE_SIZE);
      b.map(A + 4 * PAGE_SIZE, PAGE_SIZE, PROT_READ);
      b.store(b.space, A + PAGE_SIZE, 42);
      const { space } = b;
      equal(space.remap(A, 2 * PAGE_SIZE, 4 * PAGE_SIZE, false), A, 'into the hole');
      equal(space.remap(A, 4 * PAGE_SIZE, 5 * PAGE_SIZE, false), ENOMEM, 'no room and no move');
      const moved = ok<number>(space.remap(A, 4 * PAGE_SIZE, 5 * PAGE_SIZE, true), 'move');
      check(moved !== A, 'it moved');
      equal(b.load(space, moved + PAGE_SIZE), 42, 'the page moved along');
      equal(space.fault(A, AccessKind.Read), FaultResult.NoMapping, 'the old place');
      equal(space.remap(moved, 5 * PAGE_SIZE, PAGE_SIZE, false), moved, 'shrink');
      equal(space.fault(moved + PAGE_SIZE, AccessKind.Read), FaultResult.NoMapping, 'the cut part');
    });

    it('moves the pages that stay, hidden ones too, and no others', () => {
      const b = bench();
      b.map(A, 4 * PAGE_SIZE);
      for (let i = 0; i < 4; i++) b.store(b.space, A + i * PAGE_SIZE, i + 1);
      equal(b.space.protect(A, 4 * PAGE_SIZE, PROT_NONE), 0, 'protect');
      equal(b.space.remap(A, 4 * PAGE_SIZE, 2 * PAGE_SIZE, true, A + GIB), A + GIB, 'remap');
      equal(b.space.residentFrames, 2, 'residentFrames');
      equal(b.space.protect(A + GIB, 2 * PAGE_SIZE, RW), 0, 'protect');
      for (let i = 0; i < 2; i++) equal(b.load(b.space, A + GIB + i * PAGE_SIZE), i + 1, `page ${i}`);
      b.map(A + GIB + 2 * PAGE_SIZE, PAGE_SIZE);
      equal(b.load(b.space, A + GIB + 2 * PAGE_SIZE), 0, 'a fresh page after them');
      b.space.destroy();
      equal(b.manager.frames.freeFrames, b.manager.frames.totalFrames, 'free frames');
    });

    it('refuses remaps of bad ranges', () => {
      const b = bench();
      b.map(A, 4 * PAGE_SIZE);
      b.map(A + 4 * PAGE_SIZE, PAGE_SIZE, PROT_READ);
      const { space } = b;
      equal(space.remap(A + 1, PAGE_SIZE, PAGE_SIZE, true), EINVAL, 'unaligned');
      equal(space.remap(A, PAGE_SIZE, 0, true), EINVAL, 'new length 0');
      equal(space.remap(A - PAGE_SIZE, PAGE_SIZE, PAGE_SIZE, true), EFAULT, 'a hole');
      equal(space.remap(A, 5 * PAGE_SIZE, 6 * PAGE_SIZE, true), EFAULT, 'two mappings');
      equal(space.remap(A, 0, PAGE_SIZE, true), EINVAL, 'duplicating private memory');
      equal(space.remap(A, PAGE_SIZE, PAGE_SIZE, true, A), EINVAL, 'onto itself');
      equal(space.remap(A, PAGE_SIZE, PAGE_SIZE, false, A + GIB), EINVAL, 'fixed without mayMove');
      equal(space.remap(A, PAGE_SIZE, PAGE_SIZE, true, 2 ** 38), EINVAL, 'beyond the top');
      equal(space.mappings().length, 2, 'mappings');
    });
  });
}

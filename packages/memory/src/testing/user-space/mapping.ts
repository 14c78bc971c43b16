/** Cases of the user-space kit: mmap and munmap. */
import { EACCES, EEXIST, EINVAL, ENOMEM, EPERM, PAGE_SIZE } from '@veridian-os/abi';
import { AccessKind, FaultResult, PROT_NONE, PROT_READ } from '../../api.js';
import type { MapRequest } from '../../api.js';
import { equal, ok } from '../assert.js';
import { FAULT } from '../fake-machine.js';
import { FakeFile } from '../fake-file.js';
import { A, GIB, RW } from './bench.js';
import type { BenchFactory, TestFramework } from './bench.js';

export function mappingCases({ describe, it }: TestFramework, bench: BenchFactory): void {
  describe('user space: mmap and munmap', () => {
    it('refuses malformed requests', () => {
      const { space } = bench();
      const base: MapRequest = { address: A, length: PAGE_SIZE, prot: RW, shared: false, placement: 'replace' };
      equal(space.map({ ...base, length: 0 }), EINVAL, 'length 0');
      equal(space.map({ ...base, length: -1 }), EINVAL, 'negative length');
      equal(space.map({ ...base, length: 2 ** 60 }), EINVAL, 'length beyond 2^53');
      equal(space.map({ ...base, length: 2 ** 40 }), ENOMEM, 'length beyond user space');
      equal(space.map({ ...base, address: A + 1 }), EINVAL, 'unaligned address');
      equal(space.map({ ...base, offset: 12 }), EINVAL, 'unaligned offset');
      equal(space.map({ ...base, prot: 8 }), EINVAL, 'unknown protection');
      equal(space.map({ ...base, shared: true }), EINVAL, 'shared without a source');
      equal(space.map({ ...base, address: 0 }), EPERM, 'page 0');
      equal(space.map({ ...base, address: 2 ** 38 - PAGE_SIZE, length: 2 * PAGE_SIZE }), ENOMEM, 'beyond the top');
      equal(space.map({ ...base, maxProt: PROT_READ }), EACCES, 'more than maxProt');
      equal(space.mappings().length, 0, 'mappings after refused requests');
      equal(space.virtualBytes, 0, 'virtualBytes after refused requests');
    });

    it('places mappings top-down, below one another, and takes a free hint', () => {
      const { space } = bench();
      const any = (length: number, address = 0) => space.map({ address, length, prot: RW, shared: false });
      const first = ok<number>(any(PAGE_SIZE), 'first');
      const second = ok<number>(any(3 * PAGE_SIZE), 'second');
      equal(second, first - 3 * PAGE_SIZE, 'second, right below the first');
      equal(any(PAGE_SIZE, A + 123), A, 'a hint, rounded down to its page');
      equal(any(PAGE_SIZE, A), second - PAGE_SIZE, 'a hint that is taken');
      equal(any(PAGE_SIZE, 2 ** 47), second - 2 * PAGE_SIZE, 'a hint beyond user space');
      equal(space.unmap(second, 3 * PAGE_SIZE), 0, 'unmap');
      equal(any(2 * PAGE_SIZE), second + PAGE_SIZE, 'the highest hole that is large enough');
    });

    it('refuses to map over a mapping exactly, and replaces it on demand', () => {
      const { space, machine } = bench();
      const at = (placement: 'exact' | 'replace', prot: number) =>
        space.map({ address: A, length: 4 * PAGE_SIZE, prot, shared: false, placement });
      equal(at('exact', RW), A, 'exact in a hole');
      equal(space.write(A, Uint8Array.of(9)), 0, 'write');
      equal(at('exact', RW), EEXIST, 'exact over a mapping');
      equal(at('replace', PROT_READ), A, 'replace');
      equal(machine.load(space, A), FAULT, 'the old page is gone');
      equal(space.mappings().length, 1, 'mappings');
      equal(space.virtualBytes, 4 * PAGE_SIZE, 'virtualBytes');
    });

    it('joins neighbours that are alike, and only those', () => {
      const b = bench();
      const file = b.file(8);
      b.map(A, PAGE_SIZE);
      b.map(A + 2 * PAGE_SIZE, PAGE_SIZE);
      b.map(A + PAGE_SIZE, PAGE_SIZE);
      equal(b.space.mappings().length, 1, 'three anonymous neighbours');
      b.map(A + 3 * PAGE_SIZE, PAGE_SIZE, RW, { maxProt: RW });
      equal(b.space.mappings().length, 2, 'another maxProt');
      b.map(A + 4 * PAGE_SIZE, PAGE_SIZE, RW, { label: '[heap]' });
      equal(b.space.mappings().length, 3, 'another label');
      b.map(A + 5 * PAGE_SIZE, PAGE_SIZE, RW, { source: file, offset: 0 });
      b.map(A + 6 * PAGE_SIZE, PAGE_SIZE, RW, { source: file, offset: PAGE_SIZE });
      equal(b.space.mappings().length, 4, 'file pages that follow each other');
      b.map(A + 7 * PAGE_SIZE, PAGE_SIZE, RW, { source: file, offset: 5 * PAGE_SIZE });
      equal(b.space.mappings().length, 5, 'file pages that do not');
      equal(file.references, 2, 'references to the file');
      equal(b.space.unmap(A, 8 * PAGE_SIZE), 0, 'unmap');
      equal(file.references, 0, 'references to the file after unmap');
    });

    it('cuts a mapping in two and keeps the offsets', () => {
      const b = bench();
      b.map(A, 5 * PAGE_SIZE, PROT_READ, { source: b.file(9), offset: 2 * PAGE_SIZE });
      equal(b.space.unmap(A + 2 * PAGE_SIZE, 1), 0, 'unmap of one page in the middle');
      const [low, high] = b.space.mappings();
      equal(low.end, A + 2 * PAGE_SIZE, 'end of the lower part');
      equal(high.start, A + 3 * PAGE_SIZE, 'start of the upper part');
      equal(high.offset, 5 * PAGE_SIZE, 'offset of the upper part');
      equal(b.load(b.space, high.start), FakeFile.pattern(5), 'first byte of the upper part');
      equal(b.space.fault(A + 2 * PAGE_SIZE, AccessKind.Read), FaultResult.NoMapping, 'the hole');
    });

    it('answers EINVAL to bad ranges of munmap', () => {
      const { space } = bench();
      equal(space.unmap(A + 1, PAGE_SIZE), EINVAL, 'unaligned');
      equal(space.unmap(A, 0), EINVAL, 'length 0');
      equal(space.unmap(2 ** 38, PAGE_SIZE), EINVAL, 'beyond the top');
      equal(space.unmap(A, PAGE_SIZE), 0, 'a hole');
    });

    it('reserves 200 GiB for nothing, and gives tables back', () => {
      const b = bench();
      const free = b.manager.frames.freeFrames;
      equal(b.map(A, 200 * GIB, PROT_NONE), A, 'map');
      equal(b.manager.frames.freeFrames, free, 'free frames after a reservation');
      equal(b.space.protect(A + 100 * GIB, PAGE_SIZE, RW), 0, 'protect in the middle');
      equal(b.store(b.space, A + 100 * GIB, 1), FaultResult.Handled, 'store in the middle');
      equal(b.manager.frames.freeFrames, free - 3, 'one page, two tables');
      equal(b.space.unmap(A, 200 * GIB), 0, 'unmap');
      equal(b.manager.frames.freeFrames, free, 'free frames after unmap');
    });

    it('limits virtual bytes and frames', () => {
      const b = bench();
      b.space.setLimits(4 * PAGE_SIZE, 5);
      equal(b.map(A, 5 * PAGE_SIZE), ENOMEM, 'more bytes than allowed');
      equal(b.map(A, 4 * PAGE_SIZE), A, 'as many as allowed');
      equal(b.map(A + PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ), A + PAGE_SIZE, 'replacing counts only once');
      equal(b.space.remap(A, PAGE_SIZE, 2 * PAGE_SIZE, true), ENOMEM, 'growing beyond the limit');
      equal(b.space.protect(A, 4 * PAGE_SIZE, RW), 0, 'protect');
      for (let i = 0; i < 2; i++) equal(b.store(b.space, A + i * PAGE_SIZE, 1), FaultResult.Handled, `store ${i}`);
      equal(b.store(b.space, A + 2 * PAGE_SIZE, 1), FaultResult.OutOfMemory, 'a sixth frame, tables included');
      equal(b.space.write(A + 2 * PAGE_SIZE, Uint8Array.of(1)), ENOMEM, 'write by the kernel');
      equal(b.space.residentFrames, 2, 'residentFrames');
    });
  });
}

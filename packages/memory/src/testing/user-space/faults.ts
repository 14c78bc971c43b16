/** Cases of the user-space kit: faults. */
import { EFAULT, EIO, ENOMEM, PAGE_SIZE, WOULD_BLOCK } from '@veridian-os/abi';
import { AccessKind, FaultResult, PROT_NONE, PROT_READ } from '../../api.js';
import { check, equal, ok } from '../assert.js';
import { FAULT } from '../fake-machine.js';
import { FakeFile } from '../fake-file.js';
import { A, GAP, GIB, RW } from './bench.js';
import type { BenchFactory, TestFramework } from './bench.js';

export function faultCases({ describe, it }: TestFramework, bench: BenchFactory): void {
  describe('user space: faults', () => {
    it('tells apart no mapping, a forbidden access and wild addresses', () => {
      const b = bench();
      b.map(A, PAGE_SIZE, PROT_READ);
      b.map(A + PAGE_SIZE, PAGE_SIZE, PROT_NONE);
      equal(b.space.fault(A, AccessKind.Write), FaultResult.Forbidden, 'write to a read-only page');
      equal(b.space.fault(A, AccessKind.Execute), FaultResult.Forbidden, 'fetch from a data page');
      equal(b.space.fault(A + PAGE_SIZE, AccessKind.Read), FaultResult.Forbidden, 'PROT_NONE');
      for (const wild of [0, A - 1, A + 2 * PAGE_SIZE, 2 ** 38, 2 ** 52, 2 ** 64, -1, NaN]) {
        equal(b.space.fault(wild, AccessKind.Read), FaultResult.NoMapping, `address ${wild}`);
      }
      equal(b.space.residentFrames, 0, 'residentFrames');
    });

    it('gives zeroed memory, whatever the frame held before', () => {
      const b = bench({ regionFrames: [8] });
      b.map(A, 4 * PAGE_SIZE);
      for (let i = 0; i < 4; i++) b.space.write(A + i * PAGE_SIZE, new Uint8Array(PAGE_SIZE).fill(0xff));
      equal(b.space.discard(A, 4 * PAGE_SIZE), 0, 'discard');
      for (let i = 0; i < 4 * PAGE_SIZE; i += 511) equal(b.load(b.space, A + i), 0, `byte ${i}`);
    });

    it('runs out of memory without harm', () => {
      const b = bench({ regionFrames: [6] });
      b.map(A, 20 * PAGE_SIZE);
      let stored = 0;
      while (b.store(b.space, A + stored * PAGE_SIZE, 7) === FaultResult.Handled) stored++;
      equal(stored, 3, 'pages beside root, two tables');
      equal(b.store(b.space, A + stored * PAGE_SIZE, 7), FaultResult.OutOfMemory, 'the next page');
      equal(b.load(b.space, A + PAGE_SIZE), 7, 'earlier pages');
      const refused = b.manager.createSpace('linux');
      equal(refused, ENOMEM, 'createSpace');
      equal(b.space.fork(), ENOMEM, 'fork');
      b.space.destroy();
      equal(b.manager.frames.freeFrames, 6, 'free frames at the end');
    });

    it('reports the end of the file, errors and waits of a source', () => {
      const b = bench();
      const errors = new Map([[1, EIO]]);
      const file = b.file(3, { errors, slow: true });
      b.map(A, 5 * PAGE_SIZE, RW, { source: file });
      equal(b.space.fault(A, AccessKind.Read), FaultResult.WouldBlock, 'a page that is read in');
      equal(b.space.faultQueue, file.ioQueue, 'faultQueue');
      equal(b.space.fault(A, AccessKind.Read), FaultResult.Handled, 'the second time');
      equal(b.space.fault(A + PAGE_SIZE, AccessKind.Read), FaultResult.IoError, 'a bad page');
      equal(b.space.fault(A + 3 * PAGE_SIZE, AccessKind.Read), FaultResult.BeyondEnd, 'beyond the end');
      equal(b.space.write(A + 3 * PAGE_SIZE, Uint8Array.of(1)), EFAULT, 'write beyond the end');
      equal(b.space.read(A + 2 * PAGE_SIZE, new Uint8Array(1)), WOULD_BLOCK, 'read of a page that is read in');
    });

    it('maps the neighbours that a source has at hand', () => {
      const b = bench();
      const file = b.file(40, { peeks: true });
      for (let i = 0; i < 40; i++) file.page(i, false);
      b.map(A, 40 * PAGE_SIZE, PROT_READ, { source: file });
      equal(b.load(b.space, A + 20 * PAGE_SIZE), FakeFile.pattern(20), 'the page');
      equal(b.space.residentFrames, 16, 'pages mapped by one fault');
      equal(b.machine.load(b.space, A + 16 * PAGE_SIZE), FakeFile.pattern(16), 'the first neighbour');
      equal(b.machine.load(b.space, A + 15 * PAGE_SIZE), FAULT, 'a page outside the window');
    });

    it('grows a stack down to its limit and keeps the guard gap', () => {
      const b = bench();
      const top = A + GIB;
      const grow = { growLimit: 1024 * PAGE_SIZE, label: '[stack]' };
      b.map(top - PAGE_SIZE, PAGE_SIZE, RW, grow);
      equal(b.store(b.space, top - 10 * PAGE_SIZE, 1), FaultResult.Handled, 'below the stack');
      equal(b.space.virtualBytes, 10 * PAGE_SIZE, 'virtualBytes');
      equal(b.space.mappings()[0].start, top - 10 * PAGE_SIZE, 'start');
      equal(b.store(b.space, top - 1024 * PAGE_SIZE, 1), FaultResult.Handled, 'at the limit');
      equal(b.store(b.space, top - 1025 * PAGE_SIZE, 1), FaultResult.NoMapping, 'beyond the limit');
      const other = top + GIB;
      b.map(other - PAGE_SIZE, PAGE_SIZE, RW, grow);
      b.map(other - 400 * PAGE_SIZE, PAGE_SIZE);
      equal(b.store(b.space, other - 143 * PAGE_SIZE, 1), FaultResult.Handled, 'just above the guard gap');
      equal(b.store(b.space, other - 144 * PAGE_SIZE, 1), FaultResult.NoMapping, 'inside the guard gap');
      equal(b.space.write(other - 144 * PAGE_SIZE, Uint8Array.of(1)), EFAULT, 'the same by the kernel');
    });

    it('places nothing into the guard gap of a stack, and none grows beyond RLIMIT_AS', () => {
      const b = bench();
      const stack = ok<number>(b.space.map({ address: 0, length: PAGE_SIZE, prot: RW, shared: false }), 'hole');
      b.map(stack, PAGE_SIZE, RW, { growLimit: GIB });
      const next = ok<number>(b.space.map({ address: 0, length: PAGE_SIZE, prot: RW, shared: false }), 'next');
      equal(next, stack - GAP - PAGE_SIZE, 'address below the gap');
      const hint = stack - PAGE_SIZE;
      check(b.space.map({ address: hint, length: PAGE_SIZE, prot: RW, shared: false }) !== hint, 'hint in the gap');
      b.space.setLimits(b.space.virtualBytes, Infinity);
      equal(b.store(b.space, stack - PAGE_SIZE, 1), FaultResult.NoMapping, 'growth beyond the limit');
    });
  });
}

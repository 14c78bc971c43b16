/** Cases of the user-space kit: copy-on-write and sharing. */
import { EFAULT, EINVAL, PAGE_SIZE } from '@veridian-os/abi';
import { AccessKind, FaultResult, PROT_READ } from '../../api.js';
import type { PageSource, UserSpace } from '../../api.js';
import { equal, ok } from '../assert.js';
import { FakeFile } from '../fake-file.js';
import { A, RW } from './bench.js';
import type { BenchFactory, TestFramework } from './bench.js';

export function sharingCases({ describe, it }: TestFramework, bench: BenchFactory): void {
  describe('user space: copy-on-write and sharing', () => {
    it('shares pages after fork until one side writes', () => {
      const b = bench();
      b.map(A, 100 * PAGE_SIZE);
      for (let i = 0; i < 100; i++) b.store(b.space, A + i * PAGE_SIZE, i);
      const before = b.manager.frames.freeFrames;
      const child = ok<UserSpace>(b.space.fork(), 'fork');
      equal(before - b.manager.frames.freeFrames, 3, 'frames for the child: its tables');
      b.machine.checkTranslations();
      equal(b.store(child, A + PAGE_SIZE, 200), FaultResult.Handled, 'store by the child');
      equal(b.store(b.space, A + 2 * PAGE_SIZE, 201), FaultResult.Handled, 'store by the parent');
      equal(b.load(b.space, A + PAGE_SIZE), 1, "the parent's page");
      equal(b.load(child, A + 2 * PAGE_SIZE), 2, "the child's page");
      equal(before - b.manager.frames.freeFrames, 5, 'frames after two copies');
      equal(b.manager.statistics().copyOnWriteFaults, 2, 'copyOnWriteFaults');
      child.destroy();
      equal(b.manager.frames.freeFrames, before, 'free frames after the child');
      equal(b.store(b.space, A + 3 * PAGE_SIZE, 202), FaultResult.Handled, 'store by the last owner');
      equal(b.manager.frames.freeFrames, before, 'the last owner copies nothing');
    });

    it('keeps pages through fork after joining and cutting mappings', () => {
      const b = bench();
      b.map(A + PAGE_SIZE, PAGE_SIZE);
      b.store(b.space, A + PAGE_SIZE, 7);
      b.map(A, PAGE_SIZE);
      equal(b.space.mappings().length, 1, 'mappings: a fresh one joined with a used one');
      equal(b.load(ok<UserSpace>(b.space.fork(), 'fork'), A + PAGE_SIZE), 7, "the child's byte after joining");
      b.space.protect(A, PAGE_SIZE, PROT_READ);
      equal(b.load(ok<UserSpace>(b.space.fork(), 'fork'), A + PAGE_SIZE), 7, "the child's byte after cutting");
    });

    it('lets the kernel break copy-on-write too', () => {
      const b = bench();
      b.map(A, PAGE_SIZE);
      b.space.write(A, Uint8Array.of(1, 2, 3));
      const child = ok<UserSpace>(b.space.fork(), 'fork');
      equal(b.space.write(A, Uint8Array.of(9)), 0, 'write through a translation cached before fork');
      const bytes = new Uint8Array(3);
      child.read(A, bytes);
      equal(bytes.join(), '1,2,3', "the child's bytes");
      b.space.read(A, bytes);
      equal(bytes.join(), '9,2,3', "the parent's bytes");
    });

    it('copies file pages on the first write and tells the file nothing', () => {
      const b = bench();
      const file = b.file(2);
      b.map(A, 2 * PAGE_SIZE, RW, { source: file });
      equal(b.load(b.space, A), FakeFile.pattern(0), 'read first');
      equal(b.store(b.space, A, 99), FaultResult.Handled, 'then write');
      equal(b.store(b.space, A + PAGE_SIZE, 98), FaultResult.Handled, 'write at once');
      equal(file.byteAt(0), FakeFile.pattern(0), 'the file');
      equal(file.byteAt(PAGE_SIZE), FakeFile.pattern(1), 'the file');
      equal(file.dirty.size, 0, 'dirty pages');
      equal(b.space.discard(A, 2 * PAGE_SIZE), 0, 'discard');
      equal(b.load(b.space, A), FakeFile.pattern(0), 'after discard the page is the file again');
    });

    it('keeps a private page that its file has given up', () => {
      const b = bench();
      const file = b.file(1);
      b.map(A, PAGE_SIZE, RW, { source: file });
      b.load(b.space, A);
      file.evict();
      equal(b.store(b.space, A + 1, 5), FaultResult.Handled, 'write');
      const child = ok<UserSpace>(b.space.fork(), 'fork');
      equal(b.load(child, A + 1), 5, "the child's byte");
    });

    it('marks pages of a shared file dirty at the first write only', () => {
      const b = bench();
      const file = b.file(3);
      b.map(A, 3 * PAGE_SIZE, RW, { source: file, shared: true });
      b.load(b.space, A);
      equal(file.dirty.size, 0, 'dirty pages after reading');
      b.store(b.space, A, 77);
      b.store(b.space, A + PAGE_SIZE, 78);
      equal([...file.dirty].join(), '0,1', 'dirty pages after writing');
      b.load(b.space, A + 2 * PAGE_SIZE);
      b.space.protect(A, 3 * PAGE_SIZE, PROT_READ);
      b.space.protect(A, 3 * PAGE_SIZE, RW);
      b.store(b.space, A + 2 * PAGE_SIZE, 79);
      equal([...file.dirty].join(), '0,1,2', 'dirty pages after mprotect and writing');
      equal(file.byteAt(0), 77, 'the file');
      b.space.destroy();
      equal(file.references, 0, 'references to the file');
      file.evict();
      equal(b.manager.frames.freeFrames, b.manager.frames.totalFrames, 'free frames');
    });

    it('shares a region with forked children and frees it with its last mapping', () => {
      const b = bench();
      const free = b.manager.frames.freeFrames;
      const region = ok<PageSource>(b.manager.createRegion(2 * PAGE_SIZE), 'createRegion');
      b.map(A, 3 * PAGE_SIZE, RW, { source: region, shared: true });
      region.release();
      const child = ok<UserSpace>(b.space.fork(), 'fork');
      b.store(child, A, 5);
      equal(b.load(b.space, A), 5, "the parent sees the child's store");
      equal(b.space.isShared(A), true, 'isShared');
      equal(b.space.isShared(A - 1), false, 'isShared of a hole');
      equal(b.space.physical(A, AccessKind.Write), child.physical(A, AccessKind.Write), 'physical addresses');
      equal(b.store(b.space, A + 2 * PAGE_SIZE, 1), FaultResult.BeyondEnd, 'beyond the region');
      b.space.unmap(A, 3 * PAGE_SIZE);
      child.destroy();
      equal(b.manager.frames.freeFrames, free, 'free frames');
      equal(b.manager.createRegion(0), EINVAL, 'an empty region');
    });

    it('loses the pages of a file that is cut, private copies too, in every space', () => {
      const b = bench();
      const file = b.file(4);
      b.map(A, 4 * PAGE_SIZE, RW, { source: file });
      for (let i = 0; i < 4; i++) b.store(b.space, A + i * PAGE_SIZE, 9);
      const child = ok<UserSpace>(b.space.fork(), 'fork');
      equal(b.load(child, A + 3 * PAGE_SIZE), 9, "the child's copy");
      file.truncate(2);
      b.machine.checkTranslations();
      for (const space of [b.space, child]) {
        equal(b.load(space, A + PAGE_SIZE), 9, 'a page before the end');
        equal(b.store(space, A + 2 * PAGE_SIZE, 1), FaultResult.BeyondEnd, 'the first page after it');
        equal(space.read(A + 3 * PAGE_SIZE, new Uint8Array(1)), EFAULT, 'read by the kernel');
      }
      b.space.unmap(A + PAGE_SIZE, PAGE_SIZE);
      equal(file.watchers, 3, 'mappings that watch the file');
      b.space.destroy();
      child.destroy();
      equal(file.watchers, 0, 'mappings that watch the file at the end');
    });

    it('returns every frame after storms of fork, exec and exit', () => {
      const b = bench({ regionFrames: [3000] });
      const file = b.file(30, { peeks: true });
      for (let i = 0; i < 30; i++) file.page(i, false);
      b.map(A, 200 * PAGE_SIZE);
      for (let i = 0; i < 200; i++) b.store(b.space, A + i * PAGE_SIZE, i & 255);
      const before = b.manager.frames.freeFrames;
      for (let round = 0; round < 40; round++) {
        const child = ok<UserSpace>(b.space.fork(), 'fork');
        for (let i = 0; i < 20; i++) b.store(child, A + ((round * 7 + i * 11) % 200) * PAGE_SIZE, 1);
        const image = ok<UserSpace>(b.manager.createSpace('linux'), 'exec');
        child.destroy();
        image.map({ address: A, length: 30 * PAGE_SIZE, prot: 5, shared: false, placement: 'replace', source: file });
        image.map({ address: 0, length: 8 * PAGE_SIZE, prot: RW, shared: false });
        for (let i = 0; i < 30; i += 5) image.fault(A + i * PAGE_SIZE, AccessKind.Execute);
        image.write(image.mappings()[1].start, new Uint8Array(9000));
        image.destroy();
        equal(b.manager.frames.freeFrames, before, `free frames after round ${round}`);
      }
      equal(file.references, 0, 'references to the file');
    });
  });
}

/** Cases of the user-space kit: pages that leave memory, move and merge behind their owner's back. */
import { PAGE_SIZE } from '@veridian-os/abi';
import type { Frame } from '@veridian-os/abi';
import { AccessKind, FaultResult, PROT_EXEC, PROT_READ } from '../../api.js';
import type { UserSpace } from '../../api.js';
import { check, equal, ok } from '../assert.js';
import { FakeDisk } from '../fake-disk.js';
import { A, Bench, RW } from './bench.js';
import type { TestFramework } from './bench.js';
import type { ManagerFactory } from '../user-space-model.js';

const PAGES = 8;

/** A space with `PAGES` pages whose first bytes are 1, 2, ..., on a machine with a swap area. */
function withSwap(create: ManagerFactory, slow = false): { b: Bench; disk: FakeDisk } {
  let disk: FakeDisk | undefined;
  const b = new Bench(
    (machine) => {
      disk = new FakeDisk(machine, { pages: 64, slow });
      return create(machine, disk);
    },
    { regionFrames: [128] },
  );
  b.map(A, PAGES * PAGE_SIZE);
  for (let i = 0; i < PAGES; i++) b.store(b.space, A + i * PAGE_SIZE, i + 1);
  return { b, disk: disk as FakeDisk };
}

/** First byte of a page as the kernel reads it. */
function kernelByte({ space }: Bench, page: number): number {
  const into = new Uint8Array(1);
  equal(space.read(A + page * PAGE_SIZE, into), 0, `the kernel's read of page ${page}`);
  return into[0];
}

/** Gives every free frame other contents, as its next owner would. */
function reuseFrames({ manager }: Bench): void {
  const taken: Frame[] = [];
  for (let frame = manager.frames.alloc(); frame >= 0; frame = manager.frames.alloc()) taken.push(frame as Frame);
  for (const frame of taken) manager.bytes.fill(frame, 0xee);
  for (const frame of taken) manager.frames.release(frame);
}

export function movingCases(framework: TestFramework, create: ManagerFactory): void {
  framework.describe('user space: pages that leave, move and merge', () => {
    swapCases(framework, create);
    moveCases(framework, create);
  });
}

function swapCases({ it }: TestFramework, create: ManagerFactory): void {
  it('brings pages back from the swap area as they were, to the kernel too', () => {
    const { b } = withSwap(create);
    for (let i = 0; i < PAGES; i++) equal(kernelByte(b, i), i + 1, 'byte before');
    equal(b.manager.reclaim(PAGES), PAGES, 'pages sent');
    equal(b.space.swappedPages, PAGES, 'swappedPages');
    reuseFrames(b);
    for (let i = 0; i < PAGES; i++) equal(kernelByte(b, i), i + 1, 'byte that the kernel reads');
    for (let i = 0; i < PAGES; i++) equal(b.load(b.space, A + i * PAGE_SIZE), i + 1, 'byte that the guest reads');
  });

  it('changes the protection of pages that are away', () => {
    const { b } = withSwap(create);
    b.manager.reclaim(PAGES);
    equal(b.space.protect(A, PAGES * PAGE_SIZE, PROT_READ), 0, 'protect');
    equal(b.load(b.space, A), 1, 'byte of a page that was away');
    equal(b.store(b.space, A, 9), FaultResult.Forbidden, 'store to a page that became read-only');
    equal(b.space.protect(A, PAGES * PAGE_SIZE, 0), 0, 'protect with PROT_NONE');
    equal(b.space.protect(A, PAGES * PAGE_SIZE, RW), 0, 'protect');
    for (let i = 0; i < PAGES; i++) equal(b.load(b.space, A + i * PAGE_SIZE), i + 1, 'byte');
  });

  it('keeps copy-on-write while a shared page is on its way out', () => {
    const { b, disk } = withSwap(create, true);
    const child = ok<UserSpace>(b.space.fork(), 'fork');
    equal(b.manager.reclaim(1), 1, 'pages sent');
    const vector = new Uint8Array(PAGES);
    b.space.residency(A, vector);
    const away = A + vector.indexOf(0) * PAGE_SIZE;
    const byte = vector.indexOf(0) + 1;
    equal(b.load(child, away), byte, "the child's byte");
    equal(b.load(b.space, away), byte, "the parent's byte");
    equal(b.store(child, away, 99), FaultResult.Handled, "the child's store");
    disk.complete();
    equal(b.load(b.space, away), byte, "the parent's byte after the child's store");
    equal(b.load(child, away), 99, "the child's byte after its store");
    child.destroy();
    b.space.destroy();
    equal(b.manager.frames.freeFrames, b.manager.frames.totalFrames, 'free frames');
    equal(b.manager.statistics().freeSwapPages, 64, 'free slots');
  });
}

function moveCases({ it }: TestFramework, create: ManagerFactory): void {
  it('moves a page without anybody noticing', () => {
    const b = new Bench(create, { regionFrames: [128] });
    b.map(A, PAGE_SIZE);
    b.store(b.space, A, 7);
    const child = ok<UserSpace>(b.space.fork(), 'fork');
    equal(kernelByte(b, 0), 7, 'byte before');
    const from = Math.floor(b.space.physical(A, AccessKind.Read) / PAGE_SIZE) as Frame;
    check(b.manager.isMovable(from), 'a private page is movable');
    const to = ok<Frame>(b.manager.frames.alloc(), 'alloc');
    check(b.manager.migrate(from, to), 'migrate');
    equal(b.manager.frames.references(from), 0, 'references to the old frame');
    equal(b.manager.frames.references(to), 2, 'references to the new one');
    reuseFrames(b);
    b.machine.checkTranslations();
    for (const space of [b.space, child]) equal(b.load(space, A), 7, 'byte after the move');
    equal(kernelByte(b, 0), 7, 'byte that the kernel reads');
    check(!b.manager.migrate(from, to), 'a free frame is not movable');
  });

  it('merges equal pages until somebody writes', () => {
    const b = new Bench(create, { regionFrames: [128] });
    b.map(A, 2 * PAGE_SIZE);
    for (let i = 0; i < 2; i++) b.store(b.space, A + i * PAGE_SIZE, 5);
    equal(b.space.setMergeable(A, 2 * PAGE_SIZE, true), 0, 'setMergeable');
    equal(b.manager.mergePages(128), 0, 'frames merged at the first look');
    equal(b.manager.mergePages(128), 1, 'frames merged at the second look');
    b.machine.checkTranslations();
    equal(b.store(b.space, A, 6), FaultResult.Handled, 'store to one of them');
    equal(b.load(b.space, A + PAGE_SIZE), 5, 'the other');
    equal(b.store(b.space, A + PAGE_SIZE, 7), FaultResult.Handled, 'store to the other');
    equal(b.load(b.space, A), 6, 'the one');
  });

  it('shows new code in a frame that held other code', () => {
    const b = new Bench(create, { regionFrames: [16] });
    for (const byte of [1, 2, 3]) {
      b.map(A, PAGE_SIZE);
      b.space.write(A, new Uint8Array([byte]));
      b.space.protect(A, PAGE_SIZE, PROT_READ | PROT_EXEC);
      for (let faults = 0; b.machine.fetch(b.space, A) < 0 && faults < 3; faults++)
        b.space.fault(A, AccessKind.Execute);
      equal(b.machine.fetch(b.space, A), byte, 'byte that is fetched');
      b.space.unmap(A, PAGE_SIZE);
    }
    b.map(A, 8 * PAGE_SIZE, PROT_READ | PROT_EXEC);
    for (let at = A; at < A + 8 * PAGE_SIZE; at += PAGE_SIZE) {
      b.space.fault(at, AccessKind.Execute);
      equal(b.machine.fetch(b.space, at), 0, 'byte of a fresh page that is fetched');
    }
  });
}

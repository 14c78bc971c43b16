/**
 * Faults, fork, mmap and user copies on plain RAM with an MMU that exchanges entries and has nothing to flush: the cost
 * of this package alone. Machines add what their `apply` costs.
 */
import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { AccessKind, createMemoryManager } from '@veridian-os/memory';
import { suite } from '../../../tools/bench.mjs';

const PAGE = 4096;
const RW = 3;
const A = 0x4000_0000;
const BASE = 0x8000_0000;

/** A manager over `frames` frames. */
function createManager(frames) {
  const buffer = new ArrayBuffer(frames * PAGE);
  const u32 = new Uint32Array(buffer);
  const region = { base: BASE, length: frames * PAGE, node: 0, tier: 0, u8: new Uint8Array(buffer), u32 };
  const mmu = {
    apply(edits) {
      for (let i = 0; i < edits.count; i++) {
        const at = (edits.entry[i] - BASE) >>> 2;
        edits.oldLo[i] = u32[at];
        edits.oldHi[i] = u32[at + 1];
        u32[at] = edits.valueLo[i];
        u32[at + 1] = edits.valueHi[i];
      }
    },
    flushAddressSpace() {},
    syncCode() {},
  };
  return createMemoryManager({
    regions: [region],
    mmu,
    buddyFactory: (frameCount) => new BuddyAllocator({ frameCount }),
    waitPort: { create: () => 1, destroy() {}, wake() {} },
  });
}

function mapped(manager, pages) {
  const space = manager.createSpace('linux');
  space.map({ address: A, length: pages * PAGE, prot: RW, shared: false, placement: 'replace' });
  return space;
}

/** Pages in memory, each with a reference of the file's own. */
function createFile(manager, pages, peeks) {
  const frames = Array.from({ length: pages }, () => manager.frames.allocZeroed());
  const file = { retain() {}, release() {}, page: (index) => frames[index], ioQueue: 1, label: '/file' };
  return peeks ? { ...file, peek: (index) => frames[index] } : file;
}

await suite(async ({ bench }) => {
  const manager = createManager(65536);
  const pages = 1000;

  const zeroed = mapped(manager, pages);
  const faultAll = () => {
    for (let i = 0; i < pages; i++) zeroed.fault(A + i * PAGE, AccessKind.Write);
    zeroed.discard(A, pages * PAGE);
  };
  await bench({ case: 'fault demand-zero + discard', ours: faultAll, opsPerCall: pages });

  for (const peeks of [false, true]) {
    const space = manager.createSpace('linux');
    const source = createFile(manager, pages, peeks);
    space.map({ address: A, length: pages * PAGE, prot: 1, shared: false, placement: 'replace', source });
    const readAll = () => {
      for (let i = 0; i < pages; i += peeks ? 16 : 1) space.fault(A + i * PAGE, AccessKind.Read);
      space.discard(A, pages * PAGE);
    };
    await bench({ case: `file page mapped${peeks ? ', 16 a fault' : ''} + discard`, ours: readAll, opsPerCall: pages });
  }

  const parent = mapped(manager, pages);
  for (let i = 0; i < pages; i++) parent.fault(A + i * PAGE, AccessKind.Write);
  await bench({ case: 'fork + destroy, 1,000 pages', ours: () => parent.fork().destroy() });
  const breakAll = () => {
    const child = parent.fork();
    for (let i = 0; i < pages; i++) child.fault(A + i * PAGE, AccessKind.Write);
    child.destroy();
  };
  await bench({ case: 'fork + 1,000 copy-on-write faults + destroy', ours: breakAll, opsPerCall: pages });

  const mapper = manager.createSpace('linux');
  const mapUnmap = () => {
    const at = mapper.map({ address: 0, length: 16 * PAGE, prot: RW, shared: false });
    mapper.unmap(at, 16 * PAGE);
  };
  await bench({ case: 'mmap + munmap, untouched', ours: mapUnmap });
  for (let i = 0; i < 10_000; i++) {
    mapper.map({ address: 0, length: PAGE, prot: i & 1 ? RW : 1, shared: false });
  }
  await bench({ case: 'mmap + munmap among 10,000 mappings', ours: mapUnmap });
  const protect = () => {
    parent.protect(A, pages * PAGE, 1);
    parent.protect(A, pages * PAGE, RW);
  };
  await bench({ case: 'mprotect, per page', ours: protect, opsPerCall: 2 * pages });

  const word = new Uint8Array(8);
  await bench({ case: 'read of 8 user bytes, same page', ours: () => parent.read(A + 64, word) });
  await bench({ case: 'write of 8 user bytes, same page', ours: () => parent.write(A + 64, word) });
  await bench({ case: 'physical address of a futex', ours: () => parent.physical(A + 64, AccessKind.Write) });
  const out = [];
  await bench({ case: 'segments of 64 KiB', ours: () => parent.segments(A, 65536, AccessKind.Read, out) });
  const big = new Uint8Array(65536);
  const native = new Uint8Array(65536);
  await bench({
    case: 'read of 64 KiB',
    ours: () => parent.read(A, big),
    peer: 'TypedArray.set',
    peerFn: () => big.set(native),
  });
});

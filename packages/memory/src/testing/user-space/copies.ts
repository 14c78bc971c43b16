/** Cases of the user-space kit: copies by the kernel. */
import { EFAULT, EINVAL, ENAMETOOLONG, PAGE_SIZE } from '@veridian-os/abi';
import type { Frame } from '@veridian-os/abi';
import { AccessKind, FaultResult, PROT_EXEC, PROT_READ } from '../../api.js';
import type { PageSource } from '../../api.js';
import { check, equal, ok } from '../assert.js';
import { FakeFile } from '../fake-file.js';
import { A, RW } from './bench.js';
import type { BenchFactory, TestFramework } from './bench.js';

export function copyCases({ describe, it }: TestFramework, bench: BenchFactory): void {
  describe('user space: copies by the kernel', () => {
    it('copies across pages and checks every one', () => {
      const b = bench();
      b.map(A, 3 * PAGE_SIZE);
      const bytes = Uint8Array.from({ length: 2 * PAGE_SIZE }, (_, i) => i % 251);
      equal(b.space.write(A + 100, bytes), 0, 'write');
      const back = new Uint8Array(2 * PAGE_SIZE);
      equal(b.space.read(A + 100, back), 0, 'read');
      check(
        back.every((byte, i) => byte === i % 251),
        'bytes',
      );
      equal(b.space.write(A + 2 * PAGE_SIZE, bytes), EFAULT, 'beyond the mapping');
      equal(b.space.read(-5, back), EFAULT, 'a negative address');
      equal(b.space.read(2 ** 63, back), EFAULT, 'a kernel address');
      equal(b.space.read(A, new Uint8Array(0)), 0, 'nothing');
    });

    it('resolves ranges into few views, whole or in part', () => {
      const b = bench();
      b.map(A, 4 * PAGE_SIZE);
      b.map(A + 4 * PAGE_SIZE, PAGE_SIZE, PROT_READ);
      const out: Uint8Array<ArrayBufferLike>[] = [new Uint8Array(1)];
      const length = 3 * PAGE_SIZE;
      equal(b.space.segments(A + 10, length, AccessKind.Write, out), length, 'segments');
      equal(
        out.reduce((sum, part) => sum + part.length, 0),
        length,
        'bytes of the views',
      );
      out[0][0] = 55;
      equal(b.load(b.space, A + 10), 55, 'a store through a view');
      equal(b.space.segments(A, 5 * PAGE_SIZE, AccessKind.Write, out), EFAULT, 'a read-only page');
      equal(out.length, 0, 'views after an error');
      equal(b.space.segments(A, 5 * PAGE_SIZE, AccessKind.Write, out, true), 4 * PAGE_SIZE, 'in part');
      equal(b.space.segments(A - 1, 10, AccessKind.Read, out, true), EFAULT, 'in part, nothing at all');
      equal(b.space.segments(A, 0, AccessKind.Read, out), 0, 'nothing');
    });

    it('reads strings across pages, up to a length', () => {
      const b = bench();
      b.map(A, 2 * PAGE_SIZE);
      const text = new TextEncoder().encode('across the border\0');
      equal(b.space.write(A + PAGE_SIZE - 6, text), 0, 'write');
      const read = (address: number, max: number) => {
        const result = b.space.readString(address, max);
        return typeof result === 'number' ? result : new TextDecoder().decode(result);
      };
      equal(read(A + PAGE_SIZE - 6, 100), 'across the border', 'string');
      equal(read(A + PAGE_SIZE - 6, 17), 'across the border', 'string of the greatest length');
      equal(read(A + PAGE_SIZE - 6, 16), ENAMETOOLONG, 'string that is too long');
      equal(read(A + 100, 10), '', 'empty string');
      b.space.write(A + 2 * PAGE_SIZE - 3, Uint8Array.of(65, 66, 67));
      equal(read(A + 2 * PAGE_SIZE - 3, 10), EFAULT, 'no end before the hole');
      equal(read(2 ** 60, 10), EFAULT, 'a wild address');
    });

    it('gives physical addresses of aligned words', () => {
      const b = bench();
      b.map(A, PAGE_SIZE);
      const at = ok<number>(b.space.physical(A + 8, AccessKind.Write), 'physical');
      b.manager.bytes.write32(at as never, 0x01020304);
      equal(b.load(b.space, A + 8), 4, 'the byte there');
      equal(b.space.physical(A + 2, AccessKind.Read), EINVAL, 'unaligned');
      equal(b.space.physical(A + PAGE_SIZE, AccessKind.Read), EFAULT, 'unmapped');
    });

    it('shows running programs what is written to the file that they run from', () => {
      const b = bench();
      const file = b.file(1);
      b.map(A, PAGE_SIZE, PROT_READ | PROT_EXEC, { source: file });
      equal(b.space.fault(A, AccessKind.Execute), FaultResult.Handled, 'fault');
      equal(b.machine.fetch(b.space, A), FakeFile.pattern(0), 'first fetch');
      const frame = ok<Frame>(file.page(0, true), 'page');
      b.manager.bytes.view(frame)[0] = 77;
      b.manager.frames.changed?.(frame);
      equal(b.machine.fetch(b.space, A), 77, 'fetch after a write to the file');
    });

    it('announces the code of a frame that is used again', () => {
      const b = bench({ regionFrames: [4] });
      for (const byte of [1, 2]) {
        b.map(A, PAGE_SIZE, RW | PROT_EXEC);
        b.space.write(A, Uint8Array.of(byte));
        equal(b.machine.fetch(b.space, A), byte, `fetch from the frame's use ${byte}`);
        b.space.unmap(A, PAGE_SIZE);
      }
    });

    it('shows instruction fetch what the kernel wrote, also through another mapping', () => {
      const b = bench();
      const region = ok<PageSource>(b.manager.createRegion(PAGE_SIZE), 'createRegion');
      b.map(A, PAGE_SIZE, RW, { source: region, shared: true });
      b.map(A + PAGE_SIZE, PAGE_SIZE, PROT_READ | PROT_EXEC, { source: region, shared: true });
      b.space.write(A, Uint8Array.of(1));
      equal(b.space.fault(A + PAGE_SIZE, AccessKind.Execute), FaultResult.Handled, 'fault');
      equal(b.machine.fetch(b.space, A + PAGE_SIZE), 1, 'first fetch');
      b.space.write(A, Uint8Array.of(2));
      equal(b.machine.fetch(b.space, A + PAGE_SIZE), 2, 'fetch after another write');
      const calls = b.machine.calls.syncCode;
      b.space.protect(A + PAGE_SIZE, PAGE_SIZE, PROT_READ);
      b.space.protect(A + PAGE_SIZE, PAGE_SIZE, PROT_READ | PROT_EXEC);
      equal(b.machine.calls.syncCode, calls, 'unchanged code is not announced again');
    });
  });
}

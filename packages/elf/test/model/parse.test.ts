import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { USER_LIMIT, chooseBase, parseElf, parseElfHeaders, type ElfImage, type ElfPiece } from '@veridian-os/elf';
import { applyDamage, buildElf, damages, elfDescriptions } from '@veridian-os/elf/testing';

/** What a loader relies on without checking again. */
function assertLoadable(image: ElfImage, fileBytes: number): void {
  let end = image.positionIndependent ? 0 : 65536;
  for (const segment of image.segments) {
    expect(Number.isSafeInteger(segment.virtualAddress) && Number.isSafeInteger(segment.memoryBytes)).toBe(true);
    expect(segment.virtualAddress).toBeGreaterThanOrEqual(end);
    expect(segment.memoryBytes).toBeGreaterThan(0);
    expect(segment.fileBytes).toBeLessThanOrEqual(segment.memoryBytes);
    if (segment.fileBytes > 0) {
      expect(segment.fileOffset + segment.fileBytes).toBeLessThanOrEqual(fileBytes);
      expect(segment.fileOffset % 4096).toBe(segment.virtualAddress % 4096);
    }
    end = segment.virtualAddress + segment.memoryBytes;
  }
  expect(end).toBe(image.end);
  expect(end).toBeLessThanOrEqual(USER_LIMIT[image.machine]);
  const home = image.segments.find(
    ({ virtualAddress, memoryBytes }) => image.entry >= virtualAddress && image.entry < virtualAddress + memoryBytes,
  );
  expect(home!.prot & 4).toBe(4);
}

describe('parseElf on generated files', () => {
  it('returns what the file was built from', () => {
    fc.assert(
      fc.property(elfDescriptions(), (description) => {
        const image = parseElf(buildElf(description));
        if (!image.ok) throw new Error(image.message);
        assertLoadable(image, buildElf(description).length);
        expect(image.segments.slice(1)).toEqual(
          description.segments.map(({ virtualAddress, bytes, memoryBytes, prot }) =>
            expect.objectContaining({ virtualAddress, memoryBytes, prot, fileBytes: bytes.length }),
          ),
        );
        expect(image.interpreter).toBe(description.interpreter);
        expect(image.executableStack).toBe(description.executableStack === true);
        expect(image.entry).toBe(description.entry);
        expect(image.programHeaders).toBe(0x10040);
      }),
    );
  });

  it('survives damage: refuses with a field, or returns something loadable', () => {
    let refused = 0;
    let accepted = 0;
    fc.assert(
      fc.property(elfDescriptions(), damages(500), (description, list) => {
        const file = applyDamage(buildElf(description), list);
        const result = parseElf(file);
        if (result.ok) {
          accepted++;
          assertLoadable(result, file.length);
          const base = chooseBase(result);
          if (base >= 0) expect(base + result.end).toBeLessThanOrEqual(USER_LIMIT[result.machine]);
        } else {
          refused++;
          expect(result.message).toMatch(/^[\w[\]]+: expected .+, got .+$/);
        }
      }),
      { numRuns: 3000 },
    );
    expect(refused).toBeGreaterThan(100); // the generator reaches both
    expect(accepted).toBeGreaterThan(100);
  });

  it('never throws on noise behind a plausible identity', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 400 }), (noise) => {
        noise.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]);
        noise.set([2, 0, 243, 0, 1, 0, 0, 0], 16);
        noise.set([64, 0, 0, 0, 0, 0, 0, 0], 32);
        noise.set([5, 0, 0, 0, 64, 0, 56, 0, 1 + (noise[56] % 6), 0], 48);
        parseElf(noise);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads piecewise exactly as at once, in at most three reads', () => {
    fc.assert(
      fc.property(elfDescriptions(), damages(400), (description, list) => {
        const file = applyDamage(buildElf(description), list);
        const pieces: ElfPiece[] = [];
        let result = parseElfHeaders(pieces, file.length);
        for (let reads = 0; result.ok === 'more'; reads++) {
          expect(reads).toBeLessThan(3);
          expect(result.offset + result.length).toBeLessThanOrEqual(file.length);
          pieces.push({ offset: result.offset, bytes: file.slice(result.offset, result.offset + result.length) });
          result = parseElfHeaders(pieces, file.length);
        }
        expect(result).toEqual(parseElf(file));
      }),
      { numRuns: 500 },
    );
  });
});

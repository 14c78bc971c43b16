/**
 * From a frame to the slab that it belongs to, and which granules of it are starts of live objects.
 *
 * Units      words; a record is RECORD_WORDS of them
 * Shapes     table    [record of zeros][frameCount words: where the frame's record starts, 0 for none][records]
 * Cost       4 bytes for each frame of the memory, 72 more for each frame of a slab; grows by doubling
 *
 * The live bits are what makes a `free` safe: one bit answers at once for a double free, a pointer into an object and one
 * that was never handed out.
 */
import { panic } from '@veridian-os/abi';
import { AT_LIVE, AT_OWNER, AT_SLAB, FIRST_FRAME, FRAME_GRANULES_SHIFT, RECORD_WORDS } from './constants.js';

const FIRST_RECORDS = 16;

export class FrameTable {
  /** Replaced when it grows. */
  table: Int32Array;
  readonly frameCount: number;
  /** First word that no record has had. */
  private end: number;
  /** First record that came back, 0 for none; the next one is in its AT_SLAB. */
  private vacant = 0;

  constructor(frameCount: number) {
    this.frameCount = frameCount;
    this.end = FIRST_FRAME + frameCount;
    this.table = new Int32Array(this.end + FIRST_RECORDS * RECORD_WORDS);
  }

  /** Number of the slab that has this frame, 0 for none. */
  slabAt(frame: number): number {
    return this.table[this.table[FIRST_FRAME + frame] + AT_SLAB];
  }

  ownerAt(frame: number): number {
    return this.table[this.table[FIRST_FRAME + frame] + AT_OWNER];
  }

  isLive(granule: number): boolean {
    return (this.table[this.wordOf(granule)] & (1 << granule)) !== 0;
  }

  setLive(granule: number): void {
    this.table[this.wordOf(granule)] |= 1 << granule;
  }

  clearLive(granule: number): void {
    this.table[this.wordOf(granule)] &= ~(1 << granule);
  }

  /** @throws KernelPanic `slab/bad-source` when a source gives frames that are not there, or gives one twice */
  checkFresh(frame: number, count: number): void {
    const { frameCount } = this;
    if (!Number.isInteger(frame) || frame < 0 || frame + count > frameCount) {
      panic('slab/bad-source', `frames ${frame}+${count}: the memory has ${frameCount}`);
    }
    for (let at = frame; at < frame + count; at++) {
      if (this.slabAt(at) !== 0) panic('slab/bad-source', `frame ${at} is part of a slab already`);
    }
  }

  /** Gives records to the frames of a slab. They must have none. */
  claim(frame: number, count: number, owner: number, slab: number): void {
    for (let at = frame; at < frame + count; at++) {
      const record = this.take();
      this.table.fill(0, record, record + RECORD_WORDS);
      this.table[record + AT_OWNER] = owner;
      this.table[record + AT_SLAB] = slab;
      this.table[FIRST_FRAME + at] = record;
    }
  }

  /** Takes them back. */
  release(frame: number, count: number): void {
    const { table } = this;
    for (let at = frame; at < frame + count; at++) {
      const record = table[FIRST_FRAME + at];
      table[FIRST_FRAME + at] = 0;
      table[record + AT_OWNER] = 0;
      table[record + AT_SLAB] = this.vacant;
      this.vacant = record;
    }
  }

  private take(): number {
    const record = this.vacant;
    if (record !== 0) {
      this.vacant = this.table[record + AT_SLAB];
      return record;
    }
    const { end } = this;
    this.end = end + RECORD_WORDS;
    if (this.end > this.table.length) {
      const records = (this.end - FIRST_FRAME - this.frameCount) / RECORD_WORDS;
      const larger = new Int32Array(FIRST_FRAME + this.frameCount + 2 * records * RECORD_WORDS);
      larger.set(this.table);
      this.table = larger;
    }
    return end;
  }

  private wordOf(granule: number): number {
    return this.table[FIRST_FRAME + (granule >>> FRAME_GRANULES_SHIFT)] + AT_LIVE + ((granule >>> 5) & 15);
  }
}

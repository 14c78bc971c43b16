/** Runs a program on both, finds the first chunk that differs, shrinks it and describes it. */
import type { Chunk, TestProgram } from './program.js';
import { RECORD_BYTES, buildImage } from './program.js';
import type { OurSetting } from './run-ours.js';
import { runOurs } from './run-ours.js';
import type { Oracle } from './run-qemu.js';
import { runQemu } from './run-qemu.js';

export interface Comparison {
  /** Instructions that ours retired. */
  readonly instructions: number;
  /** Empty when both agree. */
  readonly report: string;
}

const STATE_BYTES = 65 * 8;

/** First chunk whose record differs, or -1. */
function firstDifference(ours: Uint8Array, theirs: Uint8Array, chunks: number): number {
  for (let i = 0; i < chunks; i++) {
    for (let at = i * RECORD_BYTES; at < (i + 1) * RECORD_BYTES; at++) if (ours[at] !== theirs[at]) return i;
  }
  return -1;
}

/** How both sides run. */
export interface Setting extends OurSetting {
  readonly oracle: Oracle;
}

function differs(program: TestProgram, setting: Setting): boolean {
  const image = buildImage(program);
  const theirs = runQemu(image, setting.oracle);
  if (theirs.ended !== 'exit 0') return false; // a shrunk program that QEMU refuses is no counterexample
  const ours = runOurs(image, setting);
  return ours.ended !== theirs.ended || firstDifference(ours.output, theirs.output, program.chunks.length) >= 0;
}

/** Removes items while the difference stays: halves first, then single ones. Bounded by items x log(items) runs. */
function shrink(data: Uint8Array, chunk: Chunk, setting: Setting): Chunk {
  let items = chunk.items;
  for (let size = items.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= items.length;) {
      const fewer = [...items.slice(0, at), ...items.slice(at + size)];
      if (differs({ data, chunks: [{ ...chunk, items: fewer }] }, setting)) items = fewer;
      else at += size;
    }
  }
  return { ...chunk, items };
}

function hex(value: bigint | number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

function listing(chunk: Chunk): string {
  return chunk.items
    .map((item) => {
      const words: string[] = [];
      for (let i = 0; i < item.length; i++) {
        const low = item[i];
        words.push((low & 3) === 3 ? hex(((item[++i] << 16) | low) >>> 0, 8) : hex(low, 4));
      }
      return `  ${words.join(' ')}`;
    })
    .join('\n');
}

function changes(ours: Uint8Array, theirs: Uint8Array, chunk: Chunk): string {
  const a = new DataView(ours.buffer, ours.byteOffset);
  const b = new DataView(theirs.buffer, theirs.byteOffset);
  const lines: string[] = [];
  for (let i = 0; i < RECORD_BYTES / 8 && lines.length < 12; i++) {
    if (ours.length < (i + 1) * 8 || theirs.length < (i + 1) * 8) break;
    const x = a.getBigUint64(i * 8, true);
    const y = b.getBigUint64(i * 8, true);
    if (x === y) continue;
    const name = i < 32 ? `x${i}` : i < 64 ? `f${i - 32}` : i === 64 ? 'fcsr' : `data+${i * 8 - STATE_BYTES}`;
    lines.push(`  ${name}: ours ${hex(x, 16)}, qemu ${hex(y, 16)}`);
  }
  const before = chunk.state.f.map((value, i) => `f${i}=${hex(value, 16)}`).join(' ');
  const integers = chunk.state.x.map((value, i) => `x${i}=${hex(value, 16)}`).join(' ');
  return `${lines.join('\n')}\n before: fcsr=${hex(chunk.state.fcsr, 2)} ${before}\n ${integers}`;
}

export function compare(program: TestProgram, setting: Setting): Comparison {
  const { oracle } = setting;
  const image = buildImage(program);
  const theirs = runQemu(image, oracle);
  const ours = runOurs(image, setting);
  const at = firstDifference(ours.output, theirs.output, program.chunks.length);
  if (at < 0 && ours.ended === theirs.ended) return { instructions: ours.instructions, report: '' };
  const chunk = program.chunks[Math.max(at, 0)];
  const data = at <= 0 ? program.data : theirs.output.slice((at - 1) * RECORD_BYTES + STATE_BYTES, at * RECORD_BYTES);
  const small = shrink(data, chunk, setting);
  const image2 = buildImage({ data, chunks: [small] });
  const mine = runOurs(image2, setting);
  const report =
    `chunk ${at}: ours ${ours.ended}, qemu ${theirs.ended}; shrunk to ${small.items.length} items (ours ${mine.ended}):\n` +
    `${listing(small)}\n${changes(mine.output, runQemu(image2, oracle).output, small)}`;
  return { instructions: ours.instructions, report };
}

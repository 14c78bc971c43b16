/** Memory of a gigabyte and more: views, guest accesses, page tables far up. */
import { PAGE_SIZE, type Frame } from '@veridian-os/abi';
import type { Machine } from '../machine.js';
import { TrapKind } from '../trap.js';
import { check, equal } from './assert.js';
import { endless, expectKind, type Bench } from './bench.js';
import type { CaseGroup } from './case-group.js';
import { reservedFrames } from './guest-memory.js';
import { RW } from './guest-space.js';

const GIB = 2 ** 30;
/** Borders that windows, 32-bit offsets and signed numbers might have. */
const STEP = 2 ** 28;

/**
 * Frames at both sides of every border, and at the ends of regions (windows, on some machines), of those that cases may use:
 * in the largest region those above the kit's own, which come from below.
 */
function borderFrames(machine: Machine): Frame[] {
  const { memory } = machine;
  const total = memory.reduce((sum, { length }) => sum + length, 0);
  check(total >= GIB, `memory: expected 1 GiB in all, got ${total} bytes`);
  const largest = memory.reduce((best, region) => (region.length > best.length ? region : best));
  const isReserved = reservedFrames(machine);
  const frames = memory.flatMap((region) => {
    const first = region.base + (region === largest ? region.length / 2 : 0);
    const end = region.base + region.length;
    const borders = [end];
    for (let at = Math.ceil(first / STEP) * STEP; at < end; at += STEP) borders.push(at);
    const both = borders.flatMap((at) => [at / PAGE_SIZE - 1, at / PAGE_SIZE]);
    return both.filter((frame) => frame * PAGE_SIZE >= first && frame * PAGE_SIZE < end && !isReserved(frame));
  });
  return [...new Set(frames)] as Frame[];
}

export const largeCases: CaseGroup = ({ guest, options, addLarge }) => {
  if (options.createLarge === undefined) return;
  const { code } = guest;
  const [value = 0, base = 0] = guest.work;

  addLarge('1 GiB of memory and more: the views of the regions cover all of it', ({ machine, memory }) => {
    for (const { u8, u32, length } of machine.memory) {
      equal(u8.length, length, 'bytes of u8');
      equal(u32.length, length / 4, 'words of u32');
    }
    for (const frame of borderFrames(machine)) {
      memory.write32((frame * PAGE_SIZE) as never, frame);
      const bytes = memory.view(frame);
      equal(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true), frame, 'same bytes');
    }
  });

  /** Each frame with its number in its first word. */
  const number = (bench: Bench, frames: readonly Frame[]): void =>
    frames.forEach((frame) => bench.memory.write32((frame * PAGE_SIZE) as never, frame));

  addLarge('programs reach the frames at both sides of every border', (bench) => {
    const frames = borderFrames(bench.machine);
    const body = [code.load(32, value, base), code.syscall(), code.store(64, base, base), code.syscall()];
    const { context, space } = bench.program(...endless(guest, ...body));
    number(bench, frames);
    frames.forEach((frame, index) => {
      const at = 0x40000000 + index * PAGE_SIZE;
      space.map(at, frame, RW);
      bench.set(context, base, at);
      expectKind(bench.run(context), TrapKind.Syscall);
      equal(bench.get(context, value)[0], frame, `loaded from frame ${frame}`);
      expectKind(bench.run(context), TrapKind.Syscall);
      equal(bench.memory.read32((frame * PAGE_SIZE) as never), at, `stored to frame ${frame}`);
    });
    // No two of them are the same memory.
    number(bench, frames);
    for (const frame of frames) equal(bench.memory.read32((frame * PAGE_SIZE) as never), frame, `frame ${frame}`);
  });

  addLarge('code runs in a frame at the end of memory', (bench) => {
    const frame = Math.max(...borderFrames(bench.machine)) as Frame;
    const { context, space } = bench.program();
    bench.place(space, 0x90000, [code.add(value, value, 3), code.syscall()], frame);
    bench.setPc(context, 0x90000);
    expectKind(bench.run(context), TrapKind.Syscall);
    equal(bench.get(context, value)[0], 3, 'register');
  });

  addLarge('page tables at the end of memory translate', (bench) => {
    const { context, space } = bench.program(...endless(guest, code.load(32, value, base), code.syscall()));
    const data = bench.memory.alloc();
    bench.memory.write32((data * PAGE_SIZE) as never, 0x5eed);
    const table = Math.max(...borderFrames(bench.machine)) as Frame;
    bench.memory.view(table).fill(0);
    const write = (at: number, [lo, hi]: readonly [number, number]): void => {
      bench.memory.write32((at + 4) as never, hi);
      bench.memory.write32(at as never, lo);
    };
    write(table * PAGE_SIZE + 8, guest.tables.leaf(data, RW));
    write(space.entryAddress(0x40000000, 1), guest.tables.table(table));
    bench.set(context, base, 0x40000000 + PAGE_SIZE);
    expectKind(bench.run(context), TrapKind.Syscall);
    equal(bench.get(context, value)[0], 0x5eed, 'loaded');
  });
};

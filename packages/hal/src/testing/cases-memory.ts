/** Guest memory: regions, views, zero copies, code in memory. */
import { PAGE_SIZE, type Frame } from '@veridian-os/abi';
import { TrapKind } from '../trap.js';
import { check, equal, equalBytes } from './assert.js';
import { CODE, DATA, bytes, endless, expectKind } from './bench.js';
import type { CaseGroup } from './case-group.js';
import { RW } from './guest-space.js';

export const memoryCases: CaseGroup = ({ add, guest }) => {
  const { code } = guest;
  const [value = 0, base = 0, counter = 0] = guest.work;

  add('regions are page-aligned, ascending, disjoint, and their views cover them', ({ machine }) => {
    check(machine.memory.length > 0, 'no memory');
    let end = 0;
    for (const region of machine.memory) {
      equal(region.base % PAGE_SIZE, 0, 'base modulo the page size');
      equal(region.length % PAGE_SIZE, 0, 'length modulo the page size');
      check(region.length > 0 && region.base >= end, 'regions overlap or descend');
      check(Number.isSafeInteger(region.base + region.length), 'region beyond 2^53');
      equal(region.u8.length, region.length, 'bytes of u8');
      equal(region.u32.length, region.length / 4, 'words of u32');
      check(Number.isInteger(region.node) && region.node >= 0, 'node');
      check(region.tier >= 0 && region.tier <= 2, 'tier');
      end = region.base + region.length;
    }
  });

  add('u8 and u32 show the same bytes, little-endian', ({ machine, memory }) => {
    const frame = memory.alloc();
    memory.view(frame).set([0x78, 0x56, 0x34, 0x12]);
    equal(memory.read32((frame * PAGE_SIZE) as never), 0x12345678, 'word');
    for (const { u8, u32 } of machine.memory) check(u8.buffer === u32.buffer, 'two buffers');
  });

  add('a guest store is in the view when run returns', (bench) => {
    const { context, dataFrame } = bench.program(...endless(guest, code.store(32, value, base), code.syscall()));
    for (let i = 0; i < 50; i++) {
      bench.set(context, base, DATA + i * 4);
      bench.set(context, value, 0x1000 + i);
      expectKind(bench.run(context), TrapKind.Syscall);
      equal(bench.memory.read32((dataFrame * PAGE_SIZE + i * 4) as never), 0x1000 + i, `word ${i}`);
    }
  });

  add('a store into the view is what the guest loads next', (bench) => {
    const { context, dataFrame } = bench.program(...endless(guest, code.load(32, value, base), code.syscall()));
    bench.set(context, base, DATA + 40);
    for (let i = 0; i < 50; i++) {
      bench.memory.write32((dataFrame * PAGE_SIZE + 40) as never, 0xabc000 + i);
      expectKind(bench.run(context), TrapKind.Syscall);
      equal(bench.get(context, value)[0], 0xabc000 + i, `round ${i}`);
    }
  });

  add('first and last page of every region can be mapped and used', (bench) => {
    const { context, space } = bench.program(...endless(guest, code.load(64, value, base), code.syscall()));
    bench.machine.memory.forEach((region, index) => {
      const ends = [region.base / PAGE_SIZE, (region.base + region.length) / PAGE_SIZE - 1];
      ends.forEach((frame, which) => {
        const at = 0x2000000 + (index * 2 + which) * PAGE_SIZE;
        space.map(at, frame as Frame, RW);
        bench.set(context, base, at + PAGE_SIZE - 8);
        expectKind(bench.run(context), TrapKind.Syscall);
        const offset = (frame + 1) * PAGE_SIZE - 8 - region.base;
        const expected = new Uint32Array(region.u8.slice(offset, offset + 8).buffer);
        equal(bench.get(context, value).join(), expected.join(), `region ${index}, page ${which}`);
      });
    });
  });

  add('code patched through the view runs after syncCode', (bench) => {
    const { context, codeFrame } = bench.program(...endless(guest, code.add(counter, counter, 1)));
    for (let step = 2; step < 8; step++) {
      expectKind(bench.run(context, 100_000), TrapKind.Budget);
      bench.memory.view(codeFrame).set(code.add(counter, counter, step));
      bench.machine.mmu.syncCode(codeFrame, 1);
      bench.setPc(context, CODE);
      const [before] = bench.get(context, counter);
      let after = before;
      for (let attempt = 0; attempt < 20 && after === before; attempt++) {
        expectKind(bench.run(context, 100_000), TrapKind.Budget);
        [after] = bench.get(context, counter);
      }
      check(after !== before, 'the loop did not count');
      equal((after - before) % step, 0, 'counted in the new step');
    }
  });

  add('syncCode of several frames reaches all of them', (bench) => {
    const { space, context } = bench.program();
    const first = bench.memory.allocAligned(4);
    const at = (page: number): number => 0x90000 + page * PAGE_SIZE;
    const expectStep = (page: number, step: number): void => {
      bench.set(context, counter, 0);
      bench.setPc(context, at(page));
      expectKind(bench.run(context), TrapKind.Syscall);
      equal(bench.get(context, counter)[0], step, `page ${page}`);
    };
    const pages = [0, 1, 2, 3];
    for (const page of pages) {
      bench.place(space, at(page), [code.add(counter, counter, 5), code.syscall()], (first + page) as Frame);
    }
    for (const page of pages) expectStep(page, 5);
    for (const page of pages) bench.memory.view((first + page) as Frame).set(code.add(counter, counter, 9));
    bench.machine.mmu.syncCode(first, 4);
    for (const page of pages) expectStep(page, 9);
  });

  add('code and data share a page without disturbing each other', (bench) => {
    const body = bytes(...endless(guest, code.load(32, value, base), code.store(32, value, base), code.syscall()));
    const { context, space, codeFrame } = bench.program(body);
    space.map(DATA + PAGE_SIZE, codeFrame, RW);
    bench.set(context, base, DATA + PAGE_SIZE + 2048);
    for (let i = 0; i < 20; i++) {
      bench.memory.write32((codeFrame * PAGE_SIZE + 2048) as never, i);
      expectKind(bench.run(context), TrapKind.Syscall);
      equal(bench.get(context, value)[0], i, `round ${i}`);
    }
    equalBytes(bench.memory.view(codeFrame).slice(0, body.length), body, 'code');
  });
};

/** Page-table edits: what must be visible, when, and to whom. */
import { PAGE_SIZE } from '@veridian-os/abi';
import { Access, FaultKind, TrapKind } from '../trap.js';
import { check, equal } from './assert.js';
import { CODE, DATA, expectFault, expectKind } from './bench.js';
import type { CaseGroup } from './case-group.js';
import { translationCases } from './cases-mmu-code.js';
import { RO, RW } from './guest-space.js';
import { NOTHING, apply, leaf, prober, warm } from './mmu-tools.js';

export const mmuCases: CaseGroup = (tools) => {
  editCases(tools);
  batchCases(tools);
  spaceCases(tools);
  translationCases(tools);
};

const editCases: CaseGroup = ({ add, guest }) => {
  add('apply: an unmapped page faults at once, for loads and for stores', (bench) => {
    const program = prober(bench, guest);
    warm(bench, program);
    apply(bench, program.space, DATA, NOTHING);
    expectFault(bench.run(program.context), FaultKind.Page, Access.Read, DATA);
    apply(bench, program.space, DATA, leaf(guest, program.dataFrame, RW));
    expectKind(bench.run(program.context), TrapKind.Syscall);
    apply(bench, program.space, DATA, NOTHING);
    expectFault(bench.run(program.context), FaultKind.Page, Access.Write, DATA);
  });

  add('apply: a page made read-only refuses stores and still serves loads', (bench) => {
    const program = prober(bench, guest);
    warm(bench, program);
    apply(bench, program.space, DATA, leaf(guest, program.dataFrame, RO));
    expectKind(bench.run(program.context), TrapKind.Syscall);
    expectFault(bench.run(program.context), FaultKind.Page, Access.Write, DATA);
  });

  add('apply: a page made writable accepts the store that faulted', (bench) => {
    const program = prober(bench, guest);
    apply(bench, program.space, DATA, leaf(guest, program.dataFrame, RO));
    expectKind(bench.run(program.context), TrapKind.Syscall);
    expectFault(bench.run(program.context), FaultKind.Page, Access.Write, DATA);
    apply(bench, program.space, DATA, leaf(guest, program.dataFrame, RW));
    expectKind(bench.run(program.context), TrapKind.Syscall);
  });

  add('apply: a page moved to another frame shows and takes that frame only', (bench) => {
    const [value = 0, , stored = 0] = guest.work;
    const program = prober(bench, guest);
    warm(bench, program);
    const other = bench.memory.allocZeroed();
    bench.memory.view(other)[0] = 77;
    apply(bench, program.space, DATA, leaf(guest, other, RW));
    bench.run(program.context);
    equal(bench.get(program.context, value)[0], 77, 'loaded from the new frame');
    bench.set(program.context, stored, 88);
    bench.run(program.context);
    equal(bench.memory.view(other)[0], 88, 'new frame');
    equal(bench.memory.view(program.dataFrame)[0], 0, 'old frame');
  });

  add('apply: the memory holds the new entry and the batch the old one', (bench) => {
    const program = prober(bench, guest);
    const before = program.space.entry(DATA);
    const next = leaf(guest, bench.memory.allocZeroed(), RO);
    const old = apply(bench, program.space, DATA, next);
    equal(program.space.entry(DATA).join(), next.join(), 'entry in memory');
    equal(old.join(), before.join(), 'old entry in the batch');
  });

  add('apply: a not-present entry may go through a batch as well', (bench) => {
    const program = prober(bench, guest);
    apply(bench, program.space, DATA, NOTHING);
    expectKind(bench.run(program.context), TrapKind.Fault);
    const old = apply(bench, program.space, DATA, leaf(guest, program.dataFrame, RW));
    equal(old.join(), '0,0', 'old entry');
    expectKind(bench.run(program.context), TrapKind.Syscall);
  });

  add('a not-present entry written directly is seen without any call', (bench) => {
    const program = prober(bench, guest);
    for (let page = 1; page < 40; page++) {
      const at = DATA + page * PAGE_SIZE;
      bench.set(program.context, guest.work[1], at);
      expectKind(bench.run(program.context), TrapKind.Fault);
      program.space.map(at, program.dataFrame, RW);
      expectKind(bench.run(program.context), TrapKind.Syscall);
      expectKind(bench.run(program.context), TrapKind.Syscall);
    }
  });

  add('a page in a table that did not exist is seen without any call', (bench) => {
    const program = prober(bench, guest);
    const far = guest.tables.userLimit - 8 * PAGE_SIZE;
    bench.set(program.context, guest.work[1], far >>> 0, Math.floor(far / 2 ** 32));
    expectFault(bench.run(program.context), FaultKind.Page, Access.Read, far >>> 0, Math.floor(far / 2 ** 32));
    program.space.map(far, program.dataFrame, RW);
    expectKind(bench.run(program.context), TrapKind.Syscall);
  });
};

const batchCases: CaseGroup = ({ add, guest }) => {
  const PAGES = 300;

  add('apply: a batch of hundreds takes every page away', (bench) => {
    const program = prober(bench, guest);
    const frames = Array.from({ length: PAGES }, () => bench.memory.allocZeroed());
    const at = (page: number): number => 0x1001000 + page * PAGE_SIZE;
    frames.forEach((frame, page) => program.space.map(at(page), frame, RW));
    const touch = (page: number) => {
      bench.set(program.context, guest.work[1], at(page));
      bench.setPc(program.context, CODE);
      return bench.run(program.context);
    };
    frames.forEach((_, page) => expectKind(touch(page), TrapKind.Syscall));
    const edits = bench.edits(PAGES);
    frames.forEach((_, page) => program.space.edit(edits, at(page), NOTHING));
    bench.machine.mmu.apply(edits);
    frames.forEach((frame, page) => {
      expectFault(touch(page), FaultKind.Page, Access.Read, at(page));
      equal(guest.tables.frame(edits.oldLo[page], edits.oldHi[page]), frame as number, `old frame of page ${page}`);
    });
  });

  add('apply: an empty batch and the unused rest of a batch change nothing', (bench) => {
    const program = prober(bench, guest);
    const edits = bench.edits(4);
    bench.machine.mmu.apply(edits);
    program.space.edit(edits, DATA, NOTHING);
    edits.count = 0;
    bench.machine.mmu.apply(edits);
    warm(bench, program);
    check(program.space.entry(DATA)[0] !== 0, 'the entry was changed');
  });

  add('apply: two edits of one entry happen in order', (bench) => {
    const program = prober(bench, guest);
    warm(bench, program);
    const edits = bench.edits(2);
    const middle = leaf(guest, bench.memory.allocZeroed(), RO);
    program.space.edit(edits, DATA, middle);
    program.space.edit(edits, DATA, NOTHING);
    bench.machine.mmu.apply(edits);
    equal(`${edits.oldLo[1]},${edits.oldHi[1]}`, middle.join(), 'old entry of the second edit');
    expectKind(bench.run(program.context), TrapKind.Fault);
  });
};

const spaceCases: CaseGroup = ({ add, guest }) => {
  const [value = 0] = guest.work;

  add('two address spaces show their own pages at one address', (bench) => {
    const first = prober(bench, guest);
    const second = prober(bench, guest);
    bench.memory.view(first.dataFrame)[0] = 1;
    bench.memory.view(second.dataFrame)[0] = 2;
    for (let round = 0; round < 3; round++) {
      for (const [program, expected] of [
        [first, 1],
        [second, 2],
      ] as const) {
        bench.setPc(program.context, CODE);
        expectKind(bench.run(program.context), TrapKind.Syscall);
        equal(bench.get(program.context, value)[0], expected, `round ${round}`);
      }
    }
  });

  add('apply in one address space leaves the other alone', (bench) => {
    const first = prober(bench, guest);
    const second = prober(bench, guest);
    warm(bench, first);
    warm(bench, second);
    apply(bench, first.space, DATA, NOTHING);
    expectKind(bench.run(second.context), TrapKind.Syscall);
    expectKind(bench.run(first.context), TrapKind.Fault);
    expectKind(bench.run(second.context), TrapKind.Syscall);
  });

  add('apply reaches every context of the address space', (bench) => {
    const first = prober(bench, guest);
    const sibling = bench.context(first.space);
    bench.set(sibling, guest.work[1], DATA);
    warm(bench, first);
    expectKind(bench.run(sibling), TrapKind.Syscall);
    apply(bench, first.space, DATA, NOTHING);
    expectKind(bench.run(sibling), TrapKind.Fault);
    expectKind(bench.run(first.context), TrapKind.Fault);
  });

  add('setAddressSpace moves a context, registers and all', (bench) => {
    const first = prober(bench, guest);
    const second = prober(bench, guest);
    bench.memory.view(second.dataFrame)[0] = 9;
    expectKind(bench.run(first.context), TrapKind.Syscall);
    bench.machine.contexts.setAddressSpace(first.context, second.space.root, second.space.asid);
    bench.setPc(first.context, CODE);
    expectKind(bench.run(first.context), TrapKind.Syscall);
    equal(bench.get(first.context, value)[0], 9, 'loaded');
  });

  add('flushAddressSpace forgets everything of its space: the tag can be used for another one', (bench) => {
    const first = prober(bench, guest);
    const second = prober(bench, guest);
    bench.memory.view(second.dataFrame)[0] = 3;
    warm(bench, first);
    bench.machine.mmu.flushAddressSpace(first.space.asid);
    bench.machine.contexts.setAddressSpace(first.context, second.space.root, first.space.asid);
    bench.setPc(first.context, CODE);
    expectKind(bench.run(first.context), TrapKind.Syscall);
    equal(bench.get(first.context, value)[0], 3, 'loaded through the new tables');
  });

  add('flushAddressSpace makes direct changes of present entries visible', (bench) => {
    const program = prober(bench, guest);
    warm(bench, program);
    bench.memory.write32(program.space.entryAddress(DATA), 0);
    bench.machine.mmu.flushAddressSpace(program.space.asid);
    expectKind(bench.run(program.context), TrapKind.Fault);
  });
};

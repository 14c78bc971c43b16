/** Code pages, large pages, accessed and dirty bits. */
import { PAGE_SIZE, type Frame, type PhysAddr } from '@veridian-os/abi';
import { Access, FaultKind, TrapKind } from '../trap.js';
import { check, equal } from './assert.js';
import { CODE, DATA, bytes, endless, expectFault, expectKind, type Bench, type Program, type Return } from './bench.js';
import type { CaseGroup } from './case-group.js';
import type { Entry, Permissions } from './guest-isa.js';
import { RO, RW, RWX, RX } from './guest-space.js';
import { NOTHING, apply, leaf, prober, warm } from './mmu-tools.js';

export const translationCases: CaseGroup = (tools) => {
  codeCases(tools);
  structureCases(tools);
  if (tools.features.hardwareAccessedDirty) accessedDirtyCases(tools);
  else if (tools.guest.tables.faultsUnlessAccessed) softwareAccessedCases(tools);
};

const codeCases: CaseGroup = ({ add, guest }) => {
  const { code } = guest;
  const [counter = 0] = guest.work;

  /** A counting loop that has run long enough for any compiler to have noticed. */
  const hotLoop = (bench: Bench): Program => {
    const program = bench.program(...endless(guest, code.add(counter, counter, 1)));
    for (let i = 0; i < 4; i++) expectKind(bench.run(program.context, 200_000), TrapKind.Budget);
    return program;
  };

  add('apply: a hot loop whose page is taken away faults', (bench) => {
    const program = hotLoop(bench);
    apply(bench, program.space, CODE, NOTHING);
    const result = bench.run(program.context);
    expectKind(result, TrapKind.Fault);
    equal(result.access, Access.Execute, 'access');
    equal(result.pcLo, result.addressLo, 'pc and fault address');
  });

  add('apply: a hot loop whose page loses execute permission faults', (bench) => {
    const program = hotLoop(bench);
    apply(bench, program.space, CODE, leaf(guest, program.codeFrame, RW));
    const result = bench.run(program.context);
    expectKind(result, TrapKind.Fault);
    equal(result.access, Access.Execute, 'access');
  });

  add('apply: a hot loop whose page is moved runs the new code', (bench) => {
    const program = hotLoop(bench);
    const other = bench.memory.allocZeroed();
    bench.memory.view(other).set([...code.syscall(), ...code.syscall(), ...code.syscall()]);
    bench.machine.mmu.syncCode(other, 1);
    apply(bench, program.space, CODE, leaf(guest, other, RX));
    expectKind(bench.run(program.context), TrapKind.Syscall);
  });

  add('one frame of code at two addresses and in two spaces runs in each', (bench) => {
    const program = hotLoop(bench);
    program.space.map(0xa0000, program.codeFrame, RX);
    bench.setPc(program.context, 0xa0000);
    const result = bench.run(program.context, 100_000);
    expectKind(result, TrapKind.Budget);
    equal(Math.floor(result.pcLo / PAGE_SIZE), 0xa0, 'page of the pc');
    const space = bench.space();
    space.map(0xb0000, program.codeFrame, RX);
    const context = bench.context(space);
    bench.setPc(context, 0xb0000);
    // A budget in time may be gone before a slow machine has fetched one instruction of a new space.
    for (let runs = 0; runs < 100 && bench.get(context, counter)[0] === 0; runs++) {
      expectKind(bench.run(context, 100_000), TrapKind.Budget);
    }
    check(bench.get(context, counter)[0] > 0, 'the loop did not count');
  });

  add('a store through another mapping reaches code after synchronizing', (bench) => {
    const [, base = 0, word = 0] = guest.work;
    const program = hotLoop(bench);
    const target = bench.space();
    target.map(DATA, program.codeFrame, RWX);
    bench.place(target, CODE, [code.store(32, word, base), code.synchronizeCode(base), code.syscall()]);
    const writer = bench.context(target);
    bench.set(writer, base, DATA);
    bench.set(writer, word, new DataView(bytes(code.syscall(), new Uint8Array(4)).buffer).getUint32(0, true));
    expectKind(bench.run(writer), TrapKind.Syscall);
    bench.setPc(program.context, CODE);
    expectKind(bench.run(program.context), TrapKind.Syscall);
  });
};

const structureCases: CaseGroup = ({ add, guest }) => {
  const { code } = guest;
  const [value = 0, base = 0] = guest.work;

  add('a large page translates all of its range', (bench) => {
    const frames = 512;
    const first = bench.memory.allocAligned(frames);
    const { context, space } = bench.program(...endless(guest, code.load(32, value, base), code.syscall()));
    space.map(0x40000000, first, RW, 1);
    for (const page of [0, 1, 255, 511]) {
      bench.memory.view((first + page) as Frame).fill(page % 256);
      bench.set(context, base, 0x40000000 + page * PAGE_SIZE + 100);
      expectKind(bench.run(context), TrapKind.Syscall);
      equal(bench.get(context, value)[0], ((page % 256) * 0x01010101) >>> 0, `page ${page}`);
    }
    bench.set(context, base, 0x40000000 + frames * PAGE_SIZE);
    expectKind(bench.run(context), TrapKind.Fault);
  });

  add('apply: a large page replaced by a table of pages is gone, each page is its own', (bench) => {
    const start = 0x40000000;
    const first = bench.memory.allocAligned(512);
    const { context, space } = bench.program(...endless(guest, code.load(32, value, base), code.syscall()));
    space.map(start, first, RW, 1);
    const touch = (page: number): Return => {
      bench.set(context, base, start + page * PAGE_SIZE);
      return bench.run(context);
    };
    for (const page of [0, 1, 300]) expectKind(touch(page), TrapKind.Syscall);
    const table = bench.memory.allocZeroed();
    const write = (page: number, [lo, hi]: Entry): void => {
      bench.memory.write32((table * PAGE_SIZE + page * 8 + 4) as PhysAddr, hi);
      bench.memory.write32((table * PAGE_SIZE + page * 8) as PhysAddr, lo);
    };
    const other = bench.memory.allocZeroed();
    bench.memory.view(other).fill(0x7e);
    write(0, leaf(guest, first, RW));
    write(300, leaf(guest, other, RW));
    const edits = bench.edits(1);
    edits.count = 1;
    edits.entry[0] = space.entryAddress(start, 1);
    [edits.valueLo[0], edits.valueHi[0]] = guest.tables.table(table);
    edits.virtual[0] = start;
    edits.asid[0] = space.asid;
    bench.machine.mmu.apply(edits);
    expectKind(touch(0), TrapKind.Syscall);
    bench.setPc(context, CODE);
    expectFault(touch(1), FaultKind.Page, Access.Read, start + PAGE_SIZE);
    expectKind(touch(300), TrapKind.Syscall);
    equal(bench.get(context, value)[0], 0x7e7e7e7e, 'loaded from the page that moved');
  });

  add('permissions of a large page are the ones of its entry', (bench) => {
    const first = bench.memory.allocAligned(512);
    const { context, space } = bench.program(code.load(8, value, base), code.store(8, value, base));
    space.map(0x40000000, first, RO, 1);
    bench.set(context, base, 0x40000000 + 400 * PAGE_SIZE);
    const result = bench.run(context);
    expectFault(result, FaultKind.Page, Access.Write, 0x40000000 + 400 * PAGE_SIZE);
  });

  add('hundreds of pages of one program each keep their own translation', (bench) => {
    const { context, space } = bench.program(...endless(guest, code.load(32, value, base), code.syscall()));
    // Distances of 2^12 .. 2^29 pages make pages share slots in any cache of translations.
    const addresses = Array.from({ length: 256 }, (_, i) => 0x10000000 + (i % 16) * PAGE_SIZE + (i >> 4) * 2 ** 26);
    addresses.forEach((address, index) => {
      const frame = bench.memory.alloc();
      bench.memory.view(frame).fill(index);
      space.map(address, frame, RO);
    });
    for (let round = 0; round < 2; round++) {
      addresses.forEach((address, index) => {
        bench.set(context, base, address >>> 0, Math.floor(address / 2 ** 32));
        expectKind(bench.run(context), TrapKind.Syscall);
        equal(bench.get(context, value)[0], (index * 0x01010101) >>> 0, `page ${index}`);
      });
    }
  });
};

/** Where software keeps accessed and dirty bits. */
const softwareAccessedCases: CaseGroup = ({ add, guest }) => {
  const UNUSED: Permissions = { ...RW, accessed: false, dirty: false };
  for (const [name, access, offset] of [
    ['load', Access.Read, 0],
    ['store', Access.Write, 1],
  ] as const) {
    add(`a ${name} to a page that is not marked accessed is a page fault, until software marks it`, (bench) => {
      const program = prober(bench, guest);
      const instruction = guest.code.load(64, 0, 0).length + guest.code.syscall().length;
      bench.setPc(program.context, CODE + offset * instruction);
      apply(bench, program.space, DATA, leaf(guest, program.dataFrame, UNUSED));
      for (let round = 0; round < 2; round++) {
        expectFault(bench.run(program.context), FaultKind.Page, access, DATA);
        equal(guest.tables.isAccessed(program.space.entry(DATA)), false, 'accessed');
      }
      apply(bench, program.space, DATA, leaf(guest, program.dataFrame, RW));
      expectKind(bench.run(program.context), TrapKind.Syscall);
    });
  }

  add('a fetch from a page that is not marked accessed is a page fault, until software marks it', (bench) => {
    const program = prober(bench, guest);
    apply(bench, program.space, CODE, leaf(guest, program.codeFrame, { ...RX, accessed: false }));
    expectFault(bench.run(program.context), FaultKind.Page, Access.Execute, CODE);
    apply(bench, program.space, CODE, leaf(guest, program.codeFrame, RX));
    expectKind(bench.run(program.context), TrapKind.Syscall);
  });

  add('an entry that loses its accessed mark faults again', (bench) => {
    const program = prober(bench, guest);
    warm(bench, program);
    const old = apply(bench, program.space, DATA, leaf(guest, program.dataFrame, UNUSED));
    equal(guest.tables.isAccessed(old), true, 'accessed in the old entry');
    expectFault(bench.run(program.context), FaultKind.Page, Access.Read, DATA);
  });
};

const accessedDirtyCases: CaseGroup = ({ add, guest }) => {
  const { isAccessed, isDirty } = guest.tables;
  const CLEAN: Permissions = { ...RW, accessed: false, dirty: false };
  const state = (entry: Entry): string => `${isAccessed(entry) ? 'A' : '-'}${isDirty(entry) ? 'D' : '-'}`;

  /** A prober whose data page is neither accessed nor dirty. */
  const clean = (bench: Bench): Program => {
    const program = prober(bench, guest);
    apply(bench, program.space, DATA, leaf(guest, program.dataFrame, CLEAN));
    return program;
  };

  add('the CPU sets accessed on a load, dirty on a store, in memory', (bench) => {
    const program = clean(bench);
    equal(state(program.space.entry(DATA)), '--', 'untouched');
    bench.run(program.context);
    equal(state(program.space.entry(DATA)), 'A-', 'after a load');
    bench.run(program.context);
    equal(state(program.space.entry(DATA)), 'AD', 'after a store');
  });

  add('the CPU sets accessed on a fetch and leaves dirty clear', (bench) => {
    const program = clean(bench);
    const readExecute = leaf(guest, program.codeFrame, { ...RX, accessed: false, dirty: false });
    apply(bench, program.space, CODE, readExecute);
    bench.run(program.context);
    equal(state(program.space.entry(CODE)), 'A-', 'code page');
  });

  add('apply returns the bits that the CPU set until that moment', (bench) => {
    const program = clean(bench);
    warm(bench, program);
    const old = apply(bench, program.space, DATA, leaf(guest, program.dataFrame, { ...RO, dirty: false }));
    equal(state(old), 'AD', 'old entry');
    equal(state(program.space.entry(DATA)), 'A-', 'new entry');
  });

  add('a page cleaned through a batch becomes dirty again at the next store', (bench) => {
    const program = clean(bench);
    warm(bench, program);
    for (let round = 0; round < 3; round++) {
      const old = apply(bench, program.space, DATA, leaf(guest, program.dataFrame, CLEAN));
      equal(state(old), 'AD', `round ${round}, before`);
      bench.run(program.context);
      equal(state(program.space.entry(DATA)), 'A-', `round ${round}, after the load`);
      bench.run(program.context);
      equal(state(program.space.entry(DATA)), 'AD', `round ${round}, after the store`);
    }
  });

  add('a store that faults sets neither bit', (bench) => {
    const program = clean(bench);
    apply(bench, program.space, DATA, leaf(guest, program.dataFrame, { ...RO, accessed: false, dirty: false }));
    bench.setPc(program.context, CODE + guest.code.load(64, 0, 0).length + guest.code.syscall().length);
    expectKind(bench.run(program.context), TrapKind.Fault);
    check(!isDirty(program.space.entry(DATA)), 'the page became dirty');
  });

  add('an atomic operation makes its page accessed and dirty', (bench) => {
    const { code } = guest;
    const [value = 0, base = 0] = guest.work;
    const program = bench.program(code.atomicAdd(value, base, value), code.syscall());
    apply(bench, program.space, DATA, leaf(guest, program.dataFrame, CLEAN));
    bench.set(program.context, base, DATA);
    expectKind(bench.run(program.context), TrapKind.Syscall);
    equal(state(program.space.entry(DATA)), 'AD', 'entry');
  });
};

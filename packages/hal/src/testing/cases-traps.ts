/** Ways back: each kind, what it reports, where the pc is, what was consumed. */
import type { ContextId } from '@veridian-os/abi';
import { Access, FaultKind, TrapKind } from '../trap.js';
import { check, equal, equalBytes } from './assert.js';
import { CODE, DATA, bytes, endless, expectError, expectFault, expectKind, expectPc, type Bench } from './bench.js';
import type { CaseGroup } from './case-group.js';
import type { Width } from './guest-isa.js';

const WIDTHS: readonly Width[] = [8, 16, 32, 64];

export const trapCases: CaseGroup = (tools) => {
  syscallCases(tools);
  errorCases(tools);
  hostileCases(tools);
  loadStoreCases(tools);
  registerCases(tools);
};

const syscallCases: CaseGroup = ({ add, guest, features }) => {
  const { code } = guest;

  add('syscall: kind, pc past the instruction, context', (bench) => {
    const { context } = bench.program(code.syscall());
    const result = bench.run(context);
    expectKind(result, TrapKind.Syscall);
    expectPc(result, CODE + code.syscall().length);
    equal(result.context as number, context as number, 'trap.context');
  });

  add('syscall: running again goes on behind it', (bench) => {
    const [a = 0] = guest.work;
    const { context } = bench.program(code.syscall(), code.add(a, a, 5), code.syscall());
    expectKind(bench.run(context), TrapKind.Syscall);
    equal(bench.get(context, a)[0], 0, 'register before the second run');
    expectKind(bench.run(context), TrapKind.Syscall);
    equal(bench.get(context, a)[0], 5, 'register after the second run');
  });

  add('syscall: a result written in place is what the guest sees', (bench) => {
    const { layout } = bench.machine.info;
    const [a = 0] = guest.work;
    const { context } = bench.program(code.syscall(), code.add(a, layout.syscallResult, 0), code.syscall());
    bench.run(context);
    bench.set(context, layout.syscallResult, 0xfffffff2, 0xffffffff);
    bench.run(context);
    equal(bench.get(context, a).join(), '4294967282,4294967295', 'copied result');
  });

  add('syscall: stepping back by syscallBytes runs the instruction again', (bench) => {
    const { syscallBytes } = bench.machine.info.layout;
    const { context } = bench.program(code.syscall(), code.illegal());
    for (let round = 0; round < 3; round++) {
      const result = bench.run(context);
      expectKind(result, TrapKind.Syscall);
      bench.setPc(context, result.pcLo - syscallBytes);
    }
  });

  add('the same trap record is reused by every run', (bench) => {
    const { context } = bench.program(...endless(guest, code.syscall()));
    const before = bench.cpu.trap;
    bench.runOnce(context); // compares run's result with it
    check(before === bench.cpu.trap, 'cpu.trap changed its identity');
  });

  if (features.exactBudget) {
    add('consumed counts the system-call instruction and what ran before it', (bench) => {
      const [a = 0] = guest.work;
      const { context } = bench.program(...endless(guest, code.add(a, a, 1), code.add(a, a, 1), code.syscall()));
      equal(bench.run(context).consumed, 3, 'first');
      equal(bench.run(context).consumed, 4, 'second, with the jump');
    });

    add('consumed does not count an instruction that faults or breaks', (bench) => {
      const [a = 0, base = 0] = guest.work;
      const nop = code.add(a, a, 1);
      const load = bench.program(nop, nop, code.load(8, a, base));
      bench.set(load.context, base, 0x70000);
      equal(bench.run(load.context).consumed, 2, 'before a fault');
      equal(bench.run(load.context).consumed, 0, 'at the fault again');
      equal(bench.run(bench.program(nop, code.breakpoint()).context).consumed, 1, 'before a breakpoint');
      equal(bench.run(bench.program(nop, nop, code.illegal()).context).consumed, 2, 'before an illegal instruction');
    });
  }
};

const errorCases: CaseGroup = ({ add, guest }) => {
  const { code } = guest;
  const [a = 0, base = 0] = guest.work;

  add('breakpoint: kind, pc at the instruction, and again when run again', (bench) => {
    const { context } = bench.program(code.add(a, a, 1), code.breakpoint());
    for (let round = 0; round < 2; round++) {
      const result = bench.run(context);
      expectKind(result, TrapKind.Breakpoint);
      expectPc(result, CODE + code.add(a, a, 1).length);
    }
    equal(bench.get(context, a)[0], 1, 'register');
  });

  for (const [name, instruction, expected] of [
    ['an undefined instruction', code.illegal(), { fault: FaultKind.Illegal }],
    ['a privileged instruction', code.privileged(), guest.privileged],
  ] as const) {
    add(`illegal: ${name} is a fault at its pc`, (bench) => {
      const { context } = bench.program(code.add(a, a, 1), instruction);
      const result = bench.run(context);
      expectError(result, expected);
      expectPc(result, CODE + code.add(a, a, 1).length);
    });
  }

  add('fault: nothing of the faulting instruction has happened', (bench) => {
    const { context } = bench.program(code.add(a, a, 7), code.load(64, a, base));
    bench.set(context, base, 0x70000);
    const result = bench.run(context);
    expectFault(result, FaultKind.Page, Access.Read, 0x70000);
    expectPc(result, CODE + code.add(a, a, 7).length);
    equal(bench.get(context, a).join(), '7,0', 'destination');
    equal(bench.get(context, base).join(), `${0x70000},0`, 'base');
  });

  add('fault: the instruction succeeds once the page is there', (bench) => {
    const { context, space, dataFrame } = bench.program(code.load(32, a, base), code.syscall());
    bench.memory.view(dataFrame)[8] = 0x5a;
    bench.set(context, base, 0x70008);
    expectKind(bench.run(context), TrapKind.Fault);
    space.map(0x70008, dataFrame, { read: true, write: true, execute: false });
    expectKind(bench.run(context), TrapKind.Syscall);
    equal(bench.get(context, a)[0], 0x5a, 'loaded');
  });

  add('a context without an address space cannot reach anything', (bench) => {
    const context = bench.context();
    const frame = bench.memory.allocZeroed();
    bench.memory.view(frame).set(code.syscall());
    bench.machine.mmu.syncCode(frame, 1);
    bench.setPc(context, frame * 4096);
    const result = bench.run(context);
    expectKind(result, TrapKind.Fault);
    equal(result.access, Access.Execute, 'access');
    expectPc(result, frame * 4096);
  });
};

const hostileCases: CaseGroup = ({ add, guest }) => {
  const { code, hostile, privileged } = guest;
  hostile.forEach(({ name, register, lo, hi, instruction }, index) => {
    add(`hostile registers, ${index + 1}: ${name} gains nothing and breaks nothing`, (bench) => {
      const victim = bench.program(code.syscall());
      expectKind(bench.run(victim.context), TrapKind.Syscall);
      const { context } = bench.program(instruction ?? code.loadThread(guest.work[0]), code.syscall());
      bench.set(context, register, lo, hi);
      const result = bench.run(context);
      if (instruction !== undefined) expectError(result, privileged);
      else check(result.kind === TrapKind.Fault || result.kind === TrapKind.Syscall, `kind: got ${result.kind}`);
      bench.setPc(victim.context, CODE);
      expectKind(bench.run(victim.context), TrapKind.Syscall);
    });
  });
};

const loadStoreCases: CaseGroup = ({ add, guest, features }) => {
  const { code } = guest;
  const [value = 0, base = 0, other = 0] = guest.work;
  const expectedAt = (width: Width, at: number): [number, number] => {
    const byte = (index: number): number => (at + index) % 251;
    const word = (from: number, bits: number): number =>
      Array.from({ length: Math.min(4, bits / 8) }, (_, i) => byte(from + i) * 2 ** (8 * i)).reduce((x, y) => x + y, 0);
    return [word(0, Math.min(width, 32)), width === 64 ? word(4, 32) : 0];
  };
  const fill = (bench: Bench, frame: number): void => {
    const view = bench.memory.view(frame as never);
    for (let i = 0; i < 4096; i++) view[i] = i % 251;
  };

  for (const width of WIDTHS) {
    const offsets = [0, 8, 4096 - width / 8, ...(features.misaligned ? [1, 3, 4093 - width / 8] : [])];
    add(`load of ${width} bits reads little-endian bytes, also at a page's end`, (bench) => {
      const { context, dataFrame } = bench.program(...endless(guest, code.load(width, value, base), code.syscall()));
      fill(bench, dataFrame);
      for (const offset of offsets) {
        bench.set(context, base, DATA + offset);
        bench.set(context, value, 0xffffffff, 0xffffffff);
        expectKind(bench.run(context), TrapKind.Syscall);
        equal(bench.get(context, value).join(), expectedAt(width, offset).join(), `offset ${offset}`);
      }
    });

    add(`store of ${width} bits changes exactly its bytes`, (bench) => {
      const { context, dataFrame } = bench.program(...endless(guest, code.store(width, value, base), code.syscall()));
      for (const offset of offsets) {
        fill(bench, dataFrame);
        const expected = bench.memory.view(dataFrame).slice();
        const bytes = [0xb1, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8].slice(0, width / 8);
        expected.set(bytes, offset);
        bench.set(context, base, DATA + offset);
        bench.set(context, value, 0xb4b3b2b1, 0xb8b7b6b5);
        expectKind(bench.run(context), TrapKind.Syscall);
        equalBytes(bench.memory.view(dataFrame), expected, `offset ${offset}`);
      }
    });
  }

  add('atomic add returns the old value and stores the sum, 64 bits', (bench) => {
    const { context, dataFrame } = bench.program(code.atomicAdd(value, base, other), code.syscall());
    bench.memory.view(dataFrame).set([0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0], 16);
    bench.set(context, base, DATA + 16);
    bench.set(context, other, 2);
    expectKind(bench.run(context), TrapKind.Syscall);
    equal(bench.get(context, value).join(), `${0xffffffff},1`, 'old value');
    equalBytes(bench.memory.view(dataFrame).subarray(16, 24), Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0), 'sum');
  });
};

const registerCases: CaseGroup = ({ add, guest }) => {
  const { code } = guest;
  const pattern = (register: number, round: number): [number, number] => [
    (0x01010101 * register + round) >>> 0,
    (0xf0f0f0f0 ^ (register << 8) ^ round) >>> 0,
  ];
  const forEachRegister = (context: ContextId, bench: Bench, round: number, set: boolean): void => {
    for (const register of guest.general) {
      if (set) bench.set(context, register, ...pattern(register, round));
      else equal(bench.get(context, register).join(), pattern(register, round).join(), `register ${register}`);
    }
  };

  const saves = new Map(guest.syscallSaves);

  add('registers: all 64 bits of each survive a system call', (bench) => {
    const { context } = bench.program(...endless(guest, code.syscall()));
    for (let round = 0; round < 3; round++) {
      forEachRegister(context, bench, round, true);
      expectKind(bench.run(context), TrapKind.Syscall);
      for (const register of guest.general) {
        const source = saves.get(register);
        const expected = source === undefined ? pattern(register, round) : bench.get(context, source);
        equal(bench.get(context, register).join(), expected.join(), `register ${register}`);
      }
    }
  });

  add('registers: all of each survive a fault and a spent budget', (bench) => {
    const { context } = bench.program(code.illegal());
    forEachRegister(context, bench, 1, true);
    expectKind(bench.run(context), TrapKind.Fault);
    forEachRegister(context, bench, 1, false);
    const loop = bench.program(...endless(guest));
    forEachRegister(loop.context, bench, 2, true);
    expectKind(bench.run(loop.context, 1001), TrapKind.Budget);
    forEachRegister(loop.context, bench, 2, false);
  });

  add('registers: each index of the view is the register of that number', (bench) => {
    for (const register of guest.numbered) {
      const base = guest.work.find((work) => work !== register)!;
      const { context, dataFrame } = bench.program(code.store(64, register, base), code.syscall());
      bench.set(context, base, DATA);
      bench.set(context, register, 0x10000 + register, 0x20000 + register);
      expectKind(bench.run(context), TrapKind.Syscall);
      const words = new Uint32Array(bench.memory.view(dataFrame).slice(0, 8).buffer);
      equal(words.join(), `${0x10000 + register},${0x20000 + register}`, `register ${register}`);
    }
  });

  add(
    'registers: the thread pointer is the one in the view, each context has its own, and a trap keeps it',
    (bench) => {
      const { tp } = bench.machine.info.layout;
      const [a = 0] = guest.work;
      const programs = [1, 2, 3].map((number) => {
        const program = bench.program(...endless(guest, code.loadThread(a), code.syscall()));
        bench.memory.view(program.dataFrame)[8 * number] = 0x40 + number;
        bench.set(program.context, tp, DATA + 8 * number);
        return program;
      });
      for (let round = 0; round < 3; round++) {
        programs.forEach(({ context }, index) => {
          expectKind(bench.run(context), TrapKind.Syscall);
          equal(bench.get(context, a)[0], 0x41 + index, `loaded by program ${index}, round ${round}`);
          equal(bench.get(context, tp).join(), `${DATA + 8 * (index + 1)},0`, `thread pointer of program ${index}`);
        });
      }
    },
  );

  const { flags } = guest;
  if (flags !== undefined) {
    add('registers: flags survive a system call, a spent budget and a fault, in every context', (bench) => {
      const patterns = [0xffffffff, 0, 0xaaaaaaaa, 0x55555555].map((bits) => (bits & flags.mask) >>> 0);
      const body = bytes(code.jump(0));
      const contexts = patterns.map((bits) => {
        const { context } = bench.program(body, code.syscall(), code.illegal());
        bench.set(context, flags.register, bits);
        return context;
      });
      const compare = (when: string): void =>
        contexts.forEach((context, index) => {
          equal((bench.get(context, flags.register)[0] & flags.mask) >>> 0, patterns[index], `flags ${when}`);
        });
      for (const context of contexts) expectKind(bench.run(context, 20_000), TrapKind.Budget);
      compare('after a budget');
      for (const context of contexts) {
        bench.setPc(context, CODE + body.length);
        expectKind(bench.run(context), TrapKind.Syscall);
      }
      compare('after a system call');
      for (const context of contexts) expectKind(bench.run(context), TrapKind.Fault);
      compare('after a fault');
    });
  }

  if (guest.zero >= 0) {
    add('registers: the zero register reads as zero whatever is written to its place', (bench) => {
      const [a = 0] = guest.work;
      const { context } = bench.program(code.add(a, guest.zero, 3), code.add(guest.zero, a, 4), code.syscall());
      bench.set(context, guest.zero, 99, 99);
      expectKind(bench.run(context), TrapKind.Syscall);
      equal(bench.get(context, a).join(), '3,0', 'zero + 3');
    });
  }
};

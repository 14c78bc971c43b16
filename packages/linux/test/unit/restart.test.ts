import { describe, expect, it } from '@jest/globals';
import { SA_RESTART, defaultSignalAction } from '@veridian-os/kernel';
import { LINUX_RISCV64 as isa } from '../../src/isa/riscv64.js';
import { restarts, settleInterrupted } from '../../src/signals/restart.js';
import type { LinuxThread } from '../../src/state.js';
import { row, type RestartRule } from '../../src/table/row.js';

const PLAIN = defaultSignalAction();
const RESTARTING = { ...PLAIN, flags: SA_RESTART };

describe('whether an interrupted call runs again', () => {
  it.each<[RestartRule, boolean, boolean, boolean, boolean]>([
    // rule, resumes, no handler, plain handler, SA_RESTART handler
    ['system', false, true, false, true],
    ['system', true, true, false, false],
    ['ignored', false, true, false, false],
    ['ignored', true, true, false, false],
    ['never', false, false, false, false],
  ])('%s, resumes %s', (rule, resumes, none, plain, restarting) => {
    expect([undefined, PLAIN, RESTARTING].map((action) => restarts(rule, resumes, action))).toEqual([
      none,
      plain,
      restarting,
    ]);
  });
});

describe('settling', () => {
  const setUp = (rule: RestartRule, resumes = false) => {
    const registers = new Uint32Array(66);
    registers[isa.pcWord] = 2;
    registers[isa.pcWord + 1] = 1; // stepping back borrows from the high word
    registers[isa.numberWord] = 101;
    registers[isa.resultWord] = 77;
    const state = {
      interrupted: true,
      row: row('nanosleep', [101], () => 0, '', rule),
      restart: resumes ? () => 0 : undefined,
    } as unknown as LinuxThread;
    return { registers, state };
  };
  const pc = (registers: Uint32Array): number => registers[isa.pcWord + 1] * 2 ** 32 + registers[isa.pcWord];

  it('steps back to the ECALL with the first argument untouched', () => {
    const { registers, state } = setUp('system');
    settleInterrupted(isa, state, registers, RESTARTING);
    expect(pc(registers)).toBe(2 ** 32 - 2);
    expect([registers[isa.resultWord], registers[isa.numberWord], state.interrupted]).toEqual([77, 101, false]);
  });

  it('answers EINTR before a handler', () => {
    const { registers, state } = setUp('system');
    settleInterrupted(isa, state, registers, PLAIN);
    expect(pc(registers)).toBe(2 ** 32 + 2);
    expect([registers[isa.resultWord], registers[isa.resultWord + 1]]).toEqual([0xfffffffc, 0xffffffff]);
  });

  it('goes on through restart_syscall when a deadline must not start again', () => {
    const { registers, state } = setUp('ignored', true);
    settleInterrupted(isa, state, registers, undefined);
    expect([registers[isa.numberWord], pc(registers)]).toEqual([128, 2 ** 32 - 2]);
  });

  it('leaves a call alone that nobody interrupted', () => {
    const { registers, state } = setUp('never');
    state.interrupted = false;
    settleInterrupted(isa, state, registers, undefined);
    expect([pc(registers), registers[isa.resultWord]]).toEqual([2 ** 32 + 2, 77]);
  });
});

/** The search for what translation gets wrong, where something is wrong by intent. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { OP } from '../../src/generated/ops.js';
import { EmulatedMachine } from '../../src/index.js';
import { Assembler, REG } from '../../src/testing.js';
import type { Operation } from '../../src/translator/body.js';
import { OPERATIONS } from '../../src/translator/operations.js';
import { machineLane } from './machine-lane.js';
import type { Lane, SearchOptions } from './search.js';
import { describeParting, findParting } from './search.js';

const { a0, a1, a2, t0 } = REG;
const RAM = 0x8000_0000;
const HOT = 40;
const operations = OPERATIONS as Map<number, Operation>;
const right = new Map(operations);

afterEach(() => right.forEach((operation, op) => operations.set(op, operation)));

/** A loop of additions; from its `HOT`th turn on it has an exclusive or as well. */
function code(): { bytes: Uint8Array; wrongPc: number; endPc: number } {
  const a = new Assembler(RAM);
  a.li(a0, 0).li(a1, 0x1357).li(t0, 0).li(a2, HOT);
  a.label('loop').i('addi', t0, t0, 1).r('add', a0, a0, t0).to('blt', 'loop', { rs1: t0, rs2: a2 });
  a.label('wrong').r('xor', a0, a0, a1).i('andi', a0, a0, 0xff).to('jal', 'loop', { rd: 0 });
  const bytes = a.finish();
  return { bytes, wrongPc: a.addressOf('wrong'), endPc: RAM + bytes.length };
}

function lane(translated: boolean): Lane {
  const translation = translated ? { threshold: 0, interval: 1 } : (false as const);
  const machine = EmulatedMachine.create({ memoryBytes: 1 << 20, maxContexts: 4, translation });
  machine.memory[0].u8.set(code().bytes);
  machine.system.reset(RAM);
  return machineLane(machine);
}

const search = (more: Partial<SearchOptions> = {}): SearchOptions => ({
  ...{ make: () => [lane(false), lane(true)], step: 500, most: 5000 },
  ...more,
});

describe('lockstep search', () => {
  it('finds nothing where nothing is wrong, in steps of any length', () => {
    const heard: number[] = [];
    expect(findParting(search({ agreed: (instructions) => heard.push(instructions) }))).toBeUndefined();
    expect(heard).toEqual(Array.from({ length: 10 }, (_, i) => (i + 1) * 500));
    expect(findParting(search({ step: 37, most: 1000 }))).toBeUndefined();
  });

  it('narrows a wrong operation to the block that has it', () => {
    operations.set(OP.XOR, right.get(OP.OR)!);
    const { wrongPc, endPc } = code();
    const parting = findParting(search())!;
    expect(parting.differences.map(({ name }) => name)).toEqual(['x10']);
    const [{ reference, other }] = parting.differences;
    expect([reference === other, parting.instructions > 3 * HOT]).toEqual([false, true]);
    // Translated code runs to the end of its block, and one way of the loop behind it at most.
    const near = parting.trail.slice(-8).map(Number);
    expect(near.some((pc) => pc === wrongPc)).toBe(true);
    expect(near.every((pc) => pc >= RAM && pc < endPc)).toBe(true);
    expect(describeParting(parting)).toContain(`differ after ${parting.instructions} instructions\n  x10: 0x`);
  });

  it('notices a machine that stops early', () => {
    const make = (): [Lane, Lane] => {
      const [reference, other] = [lane(false), lane(false)];
      let left = 700;
      const run = (count: number): number => {
        const ran = other.run(Math.min(count, left));
        left -= ran;
        return ran;
      };
      return [reference, { run, registers: other.registers }];
    };
    const parting = findParting(search({ make }))!;
    expect(parting.instructions).toBe(701);
    expect(parting.differences.map(({ name }) => name)).toContain('instructions');
  });
});

/** Options, layout, device tree, contexts, and the generated core. */
import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { ContextId, Instructions } from '@veridian-os/abi';
import { ENOMEM } from '@veridian-os/abi';
import type { FdtTree } from '@veridian-os/hal';
import { FaultKind, TrapKind, nodeAt, parseFdt, stringOf, stringsOf } from '@veridian-os/hal';
import { EmulatedMachine } from '../../src/index.js';
import type { EmulatedMachineOptions } from '../../src/index.js';
import { CONTEXT, HART_BYTES, HART, TRAP, CODE_PAGE_BYTES } from '../../src/internal/layout.js';
import { INSTRUCTION_SETS } from '../../src/testing.js';
import { bytesOfBase64 } from '../../src/host/base64.js';
import { decodeBase64 } from '../../src/internal/base64.js';
import { needs } from '../../../../tools/require-tool.js';
import { makeGuest } from '../helpers/guest.js';

const MIB = 1024 * 1024;
const SMALL: EmulatedMachineOptions = { memoryBytes: 2 * MIB, maxContexts: 4, codePages: 16 };

describe('options', () => {
  it.each<[string, EmulatedMachineOptions]>([
    ['memoryBytes', { memoryBytes: 4097 }],
    ['memoryBytes', { memoryBytes: 0 }],
    ['memoryBytes', { memoryBytes: 4 * 1024 * MIB }],
    ['memoryBytes', { memoryBytes: MIB, ram: [{ base: 0x8000_0000, bytes: MIB }] }],
    ['ram', { ram: [] }],
    ['ram', { ram: [{ base: 0x1000_0000, bytes: MIB }] }],
    ['ram', { ram: [0, 1].map((i) => ({ base: 0x8000_0000 + i * 4096, bytes: MIB })) }],
    ['ram[0].base', { ram: [{ base: 5, bytes: MIB }] }],
    ['ram[0].tier', { ram: [{ base: 0x8000_0000, bytes: MIB, tier: 3 }] }],
    ['picosecondsPerInstruction', { picosecondsPerInstruction: 0 }],
    ['maxContexts', { maxContexts: 1.5 }],
    ['codePages', { codePages: 1 }],
    ['cpus', { cpus: 0 }],
    ['cpus', { cpus: 17 }],
    ['cpus', { cpus: 1.5 }],
  ])('a bad %s is a RangeError that names it', (name, options) => {
    expect(() => EmulatedMachine.create({ ...SMALL, memoryBytes: undefined, ...options })).toThrow(RangeError);
    expect(() => EmulatedMachine.create({ ...SMALL, memoryBytes: undefined, ...options })).toThrow(name);
  });

  it('several pieces of RAM are separate regions with their node and tier', () => {
    const ram = [
      { base: 0x8000_0000, bytes: MIB },
      { base: 0x1_0000_0000, bytes: 2 * MIB, node: 1, tier: 1 },
    ];
    const { memory } = EmulatedMachine.create({ ...SMALL, memoryBytes: undefined, ram });
    expect(memory.map(({ base, length, node, tier }) => ({ base, length, node, tier }))).toEqual([
      { base: 0x8000_0000, length: MIB, node: 0, tier: 0 },
      { base: 0x1_0000_0000, length: 2 * MIB, node: 1, tier: 1 },
    ]);
    memory[1].u8[0] = 7;
    expect(memory[0].u8.includes(7)).toBe(false);
  });

  it('createAsync makes the same machine', async () => {
    const machine = await EmulatedMachine.createAsync(SMALL);
    expect(machine.info.name).toBe('emulated');
    expect(machine.memory[0].length).toBe(2 * MIB);
  });
});

describe('the layout', () => {
  const source = readFileSync(join(__dirname, '../../assembly/layout.ts'), 'utf8');
  const assembly = new Map(
    [...source.matchAll(/export const (\w+): \w+ = (?:BASE \+ )?(\w+);/g)].map((m) => [m[1], Number(m[2])]),
  );

  it('is the same in both languages', () => {
    for (const [name, at] of Object.entries(HART)) expect([name, assembly.get(`HART_${name}`)]).toEqual([name, at]);
    for (const [name, at] of Object.entries(TRAP)) expect([name, assembly.get(`TRAP_${name}`)]).toEqual([name, at]);
    const context = {
      PC: CONTEXT.PC,
      F: CONTEXT.F,
      FCSR: CONTEXT.FCSR,
      SATP: CONTEXT.SATP,
      CONTEXT_BYTES: CONTEXT.BYTES,
    };
    for (const [name, at] of Object.entries({ ...context, CODE_PAGE_BYTES })) expect(assembly.get(name)).toBe(at);
    expect(assembly.get('SETS')! + assembly.get('SET_COUNT')! * assembly.get('SET_BYTES')!).toBe(HART_BYTES);
  });

  it('base64 of every remainder', () => {
    for (const text of ['', 'a', 'ab', 'abc', 'abcd']) {
      const bytes = Buffer.from(text);
      expect(Buffer.from(decodeBase64(bytes.toString('base64')))).toEqual(bytes);
      expect(Buffer.from(bytesOfBase64(bytes.toString('base64')))).toEqual(bytes);
    }
  });
});

describe('contexts', () => {
  it('run out with ENOMEM and come back', () => {
    const { contexts } = EmulatedMachine.create(SMALL);
    const made = Array.from({ length: 4 }, () => contexts.create() as ContextId);
    expect(new Set(made).size).toBe(4);
    expect(contexts.create()).toBe(ENOMEM);
    contexts.destroy(made[2]);
    expect(contexts.create()).toBe(made[2]);
  });

  it('a destroyed one is refused', () => {
    const { contexts, cpus } = EmulatedMachine.create(SMALL);
    const context = contexts.create() as ContextId;
    contexts.destroy(context);
    expect(() => contexts.registers(context)).toThrow('hal/context');
    expect(() => contexts.destroy(context)).toThrow('hal/context');
    expect(() => cpus[0].run(context, 1 as Instructions)).toThrow('hal/context');
  });

  it('one without an address space reaches nothing', () => {
    const { contexts, cpus } = EmulatedMachine.create(SMALL);
    const context = contexts.create() as ContextId;
    contexts.registers(context)[64] = 0x8000_0000;
    const trap = cpus[0].run(context, 10 as Instructions);
    expect([trap.kind, trap.fault]).toEqual([TrapKind.Fault, FaultKind.Page]);
  });
});

it('the guest powering off makes run return Halt', () => {
  const guest = makeGuest();
  guest.tables.map(0x30_0000, 0x10_0000, 1, 0xd7);
  guest.load((a) => a.li(5, 0x30_0000).li(6, 0x5555).s('sw', 6, 5, 0).label('on').to('jal', 'on', { rd: 0 }));
  expect(guest.run().kind).toBe(TrapKind.Halt);
});

const itWithDtc = needs('dtc') ? it : it.skip;
itWithDtc('dtc reads the device tree without complaint', () => {
  const { firmware } = EmulatedMachine.create(SMALL);
  const { stdout, stderr, status } = spawnSync('dtc', ['-I', 'dtb', '-O', 'dts', '-'], { input: firmware.blob });
  expect([status, stderr.toString()]).toEqual([0, '']);
  expect(stdout.toString()).toContain('compatible = "riscv-virtio"');
});

it('the device tree names every extension that has instructions', () => {
  const tree = parseFdt(EmulatedMachine.create(SMALL).firmware.blob) as FdtTree;
  const cpu = nodeAt(tree, '/cpus/cpu@0')!;
  const named = stringsOf(cpu, 'riscv,isa-extensions');
  expect(stringOf(cpu, 'riscv,isa')).toBe(`rv64${named.slice(0, 6).join('')}_${named.slice(6).join('_')}`);
  const sets = Object.keys(INSTRUCTION_SETS).flatMap((name) => name.match(/[A-Z]\w*/g) ?? []);
  for (const set of sets) expect(named).toContain(set.replace('RV64', '').toLowerCase());
});

/** A hosted guest for unit tests: code, data and stack pages in one address space. */
import type { ContextId, Frame, Instructions } from '@veridian-os/abi';
import type { Trap } from '@veridian-os/hal';
import type { EmulatedMachineOptions } from '../../src/api.js';
import { EmulatedMachine } from '../../src/index.js';
import { Assembler, PTE, Sv39Tables } from '../../src/testing.js';

const RAM = 0x8000_0000;
export const CODE_AT = 0x1_0000;
export const DATA_AT = 0x20_0000;
export const CODE_PA = RAM + 0x10_0000;
export const DATA_PA = RAM + 0x20_0000;
export const USER = PTE.V | PTE.U | PTE.A | PTE.D;
const PAGES = 64;

export interface Guest {
  readonly machine: EmulatedMachine;
  readonly context: ContextId;
  readonly tables: Sv39Tables;
  readonly code: Uint8Array;
  readonly data: DataView;
  x(index: number): bigint;
  setX(index: number, value: bigint): void;
  f(index: number): bigint;
  setF(index: number, value: bigint): void;
  fcsr(): number;
  setFcsr(value: number): void;
  pc(): bigint;
  setPc(value: number): void;
  load(build: (a: Assembler) => void, at?: number): void;
  run(budget?: number): Trap;
}

export function makeGuest(options: EmulatedMachineOptions = {}): Guest {
  const machine = EmulatedMachine.create({ memoryBytes: 16 * 1024 * 1024, maxContexts: 8, codePages: 64, ...options });
  const region = machine.memory[0];
  const tables = new Sv39Tables(region, RAM + 0x40_0000);
  tables.map(CODE_AT, CODE_PA, PAGES, USER | PTE.R | PTE.X);
  tables.map(DATA_AT, DATA_PA, PAGES, USER | PTE.R | PTE.W);
  const context = machine.contexts.create() as ContextId;
  machine.contexts.setAddressSpace(context, (tables.root / 4096) as Frame, 1);
  const registers = machine.contexts.registers(context);
  const view = new DataView(registers.buffer, registers.byteOffset, 528);
  return {
    machine,
    context,
    tables,
    code: region.u8.subarray(CODE_PA - RAM, CODE_PA - RAM + PAGES * 4096),
    data: new DataView(region.u8.buffer, region.u8.byteOffset + DATA_PA - RAM, PAGES * 4096),
    x: (index) => view.getBigUint64(index * 8, true),
    setX: (index, value) => view.setBigUint64(index * 8, BigInt.asUintN(64, value), true),
    f: (index) => view.getBigUint64(264 + index * 8, true),
    setF: (index, value) => view.setBigUint64(264 + index * 8, BigInt.asUintN(64, value), true),
    fcsr: () => view.getUint32(520, true),
    setFcsr: (value) => view.setUint32(520, value, true),
    pc: () => view.getBigUint64(256, true),
    setPc: (value) => view.setBigUint64(256, BigInt(value), true),
    load(build, at = CODE_AT) {
      const assembler = new Assembler(at);
      build(assembler);
      const code = assembler.finish();
      region.u8.set(code, CODE_PA - RAM + at - CODE_AT);
      machine.mmu.syncCode(((CODE_PA + at - CODE_AT) >>> 12) as Frame, 64);
      view.setBigUint64(256, BigInt(at), true);
    },
    run: (budget = 1_000_000) => machine.cpus[0].run(context, budget as Instructions),
  };
}

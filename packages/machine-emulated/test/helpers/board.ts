/** A bare machine for system-mode tests: code assembled at the start of RAM, entered in machine mode. */
import { EmulatedMachine } from '../../src/index.js';
import type { EmulatedMachineOptions } from '../../src/index.js';
import { Assembler } from '../../src/testing.js';

export const RAM = 0x8000_0000;
export const CSR = {
  ...{ sstatus: 0x100, sie: 0x104, stvec: 0x105, scounteren: 0x106, sscratch: 0x140, sepc: 0x141, scause: 0x142 },
  ...{ stval: 0x143, sip: 0x144, satp: 0x180, mstatus: 0x300, misa: 0x301, medeleg: 0x302, mideleg: 0x303, mie: 0x304 },
  ...{ mtvec: 0x305, mcounteren: 0x306, mscratch: 0x340, mepc: 0x341, mcause: 0x342, mtval: 0x343, mip: 0x344 },
  ...{ senvcfg: 0x10a, menvcfg: 0x30a, stimecmp: 0x14d, mcountinhibit: 0x320, mcycle: 0xb00, minstret: 0xb02 },
  ...{ pmpcfg0: 0x3a0, pmpcfg2: 0x3a2, pmpaddr0: 0x3b0 },
  ...{ cycle: 0xc00, time: 0xc01, instret: 0xc02, mhartid: 0xf14, fcsr: 3 },
} as const;

export interface Board {
  readonly machine: EmulatedMachine;
  readonly output: string[];
  x(index: number): bigint;
  pc(): bigint;
  word(address: number): number;
}

/** Writes `value` to a CSR through x31. */
export function csrWrite(a: Assembler, csr: number, value: number | bigint): void {
  a.li(31, value).op('csrrw', { rd: 0, rs1: 31, csr });
}

/** Lets S and U mode at all of memory: without an entry that matches, PMP denies them everything. Uses x31. */
export function openMemory(a: Assembler): void {
  csrWrite(a, CSR.pmpaddr0, -1n);
  csrWrite(a, CSR.pmpcfg0, 0x1f);
}

/** Stops the machine through the test finisher, using x30 and x31. */
export function powerOff(a: Assembler): void {
  a.li(30, 0x10_0000).li(31, 0x5555).s('sw', 31, 30, 0);
}

/**
 * Runs `build` in a mode below machine mode, after `setUp` in machine mode, until its first trap; none is delegated.
 * @returns cause (9 or 8: it ran to its end) and value
 */
export function probe(
  mode: 'supervisor' | 'user',
  build: (a: Assembler) => void,
  setUp: (a: Assembler) => void = () => undefined,
  prepare: (board: Board) => void = () => undefined,
): Board & { readonly cause: number; readonly value: bigint } {
  const board = makeBoard((a) => {
    a.to('jal', 'main', { rd: 0 }).align(4).label('trap');
    a.op('csrrs', { rd: 28, rs1: 0, csr: CSR.mcause }).op('csrrs', { rd: 29, rs1: 0, csr: CSR.mtval });
    powerOff(a);
    a.label('code');
    build(a);
    a.op('ecall').label('main');
    csrWrite(a, CSR.mtvec, a.addressOf('trap'));
    csrWrite(a, CSR.mepc, a.addressOf('code'));
    openMemory(a);
    setUp(a);
    a.li(31, 3 << 11).op('csrrc', { rd: 0, rs1: 31, csr: CSR.mstatus });
    if (mode === 'supervisor') a.li(31, 1 << 11).op('csrrs', { rd: 0, rs1: 31, csr: CSR.mstatus });
    a.op('mret');
  });
  prepare(board);
  const { kind } = board.machine.system.run(100_000);
  if (kind !== 'stopped') throw new Error(`expected the trap handler to stop the machine, got ${kind}`);
  return { ...board, cause: Number(board.x(28)), value: board.x(29) };
}

export function makeBoard(build: (a: Assembler) => void, options: EmulatedMachineOptions = {}): Board {
  const output: string[] = [];
  const decoder = new TextDecoder();
  const machine = EmulatedMachine.create({
    memoryBytes: 8 * 1024 * 1024,
    maxContexts: 4,
    codePages: 32,
    console: { output: (bytes) => void output.push(decoder.decode(bytes)) },
    ...options,
  });
  const assembler = new Assembler(RAM);
  build(assembler);
  machine.memory[0].u8.set(assembler.finish());
  machine.system.reset(RAM);
  const registers = machine.system.registers;
  return {
    machine,
    output,
    x: (index) => (BigInt(registers[index * 2 + 1]) << 32n) | BigInt(registers[index * 2]),
    pc: () => (BigInt(registers[65]) << 32n) | BigInt(registers[64]),
    word: (address) => machine.memory[0].u32[(address - RAM) / 4],
  };
}

/** Sets a CSR to a label's address; labels placed before only. */
export function csrLabel(a: Assembler, csr: number, label: string): void {
  csrWrite(a, csr, a.addressOf(label));
}

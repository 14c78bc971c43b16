/**
 * A program that owns the machine from its first instruction in machine mode: loaded from an ELF, ended by HTIF or by the
 * test finisher.
 */
import type { MemoryRegion } from '@veridian-os/abi';
import type { Firmware } from '@veridian-os/hal';
import type { SystemHart } from '../system.js';
import { readElfFile } from './elf-file.js';
import { Htif } from './htif.js';
import { loadPiece, readMemory } from './load.js';
import { signatureText } from './signature.js';

/**
 * Instructions between two looks at `tohost`: few while the program talks, then twice as many each time. Leaving the hart
 * costs what it holds in WebAssembly's locals.
 */
const POLL_SOON = 5_000;
const POLL_LATE = 640_000;
const A1 = 11;
const SYMBOLS = ['tohost', '.tohost', 'fromhost', 'begin_signature', 'end_signature'];

/** The parts of a machine that a bare program needs. */
export interface BareMachine {
  readonly memory: readonly MemoryRegion[];
  readonly system: SystemHart;
  readonly firmware: Firmware;
}

/** How far a run has come. */
export interface BareResult {
  /** `idle`: it waits for an interrupt that nothing will raise. `reset`: it asked for one. */
  readonly kind: 'ended' | 'budget' | 'idle' | 'reset';
  /** 0 for a pass; only when it has ended. */
  readonly status: number;
  readonly consumed: number;
}

export class BareProgram {
  private readonly machine: BareMachine;
  private readonly htif: Htif | undefined;
  private readonly addresses: ReadonlyMap<string, number>;
  private pollEvery = POLL_SOON;

  /**
   * Loads the program and puts the hart at its entry, with the hart's number in a0 and the device tree's address in a1.
   * @param output console writes by HTIF
   * @throws RangeError when it is no RISC-V ELF64 or does not fit into RAM
   */
  constructor(machine: BareMachine, file: Uint8Array, output: (bytes: Uint8Array) => void) {
    this.machine = machine;
    const { memory, system, firmware } = machine;
    const elf = readElfFile(file, SYMBOLS);
    this.addresses = elf.addresses;
    elf.pieces.forEach((piece, i) => loadPiece(memory, `segment ${i}`, piece));
    const toHost = this.addresses.get('tohost') ?? this.addresses.get('.tohost');
    const fromHost = this.addresses.get('fromhost');
    if (toHost !== undefined) {
      this.htif = new Htif({ memory, toHost, output, ...(fromHost === undefined ? {} : { fromHost }) });
    }
    system.reset(elf.entry, 'bare');
    system.registers[A1 * 2] = firmware.address;
  }

  /** Input for HTIF's console. */
  receive(bytes: Uint8Array): void {
    this.pollEvery = POLL_SOON;
    this.htif?.receive(bytes);
  }

  /** Runs for at most `budget` instructions. */
  run(budget: number): BareResult {
    const { system } = this.machine;
    let consumed = 0;
    let isIdle = false;
    while (consumed < budget) {
      const trap = system.run(Math.min(this.pollEvery, budget - consumed));
      consumed += trap.consumed;
      const isNews = this.htif?.poll() === true;
      this.pollEvery = isNews ? POLL_SOON : Math.min(2 * this.pollEvery, POLL_LATE);
      if (this.htif?.status !== undefined) return { kind: 'ended', status: this.htif.status, consumed };
      if (system.stopped !== null) {
        const { kind, code } = system.stopped;
        return { kind: kind === 'reset' ? 'reset' : 'ended', status: code, consumed };
      }
      isIdle = trap.kind === 'idle' && !isNews;
      if (isIdle) break;
    }
    return { kind: isIdle ? 'idle' : 'budget', status: 0, consumed };
  }

  /**
   * What the program left between `begin_signature` and `end_signature`.
   * @throws RangeError without these symbols, or for another granularity than 1, 2, 4, 8 or 16
   */
  signature(granularity = 4): string {
    const begin = this.addresses.get('begin_signature');
    const end = this.addresses.get('end_signature');
    if (begin === undefined || end === undefined || end < begin) {
      throw new RangeError('signature: expected symbols begin_signature and end_signature in the ELF, in this order');
    }
    return signatureText(readMemory(this.machine.memory, begin, end - begin), granularity);
  }
}

/**
 * A program that owns the machine from its first instruction in machine mode: loaded from an ELF, ended by HTIF or by the
 * test finisher.
 */
import type { MemoryRegion } from '@veridian-os/abi';
import type { Firmware } from '@veridian-os/hal';
import type { SystemHart, SystemTrap } from '../system.js';
import { readElfFile } from './elf-file.js';
import { Htif } from './htif.js';
import { loadPiece, readMemory } from './load.js';
import { signatureText } from './signature.js';

/**
 * The hart leaves its run when `tohost` is stored to. Where that is not seen (see `SystemHart.watch`), and for the
 * answers in `fromhost`, these are the instructions between two looks: few while the program talks, then twice as many
 * each time.
 */
const POLL_SOON = 5_000;
const POLL_LATE = 640_000;
/** Instructions after which a request that seems half stored is taken as it is. */
const HALF_MOST = 1000;
/** How often a program may go on behind a WFI that nothing will end. */
const MOST_WAKES = 1000;
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
  /**
   * `idle`: it waits for an interrupt that only input can raise, or it waited a thousand times for what nothing can: WFI
   * is a NOP for it until then. `reset`: it asked for one.
   */
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
  /** Instructions since a request seemed half stored. */
  private halfFor = 0;
  private wakes = 0;

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
    if (this.htif !== undefined) system.watch(this.htif.offset);
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
    while (consumed < budget) {
      const most = this.htif?.isHalf === true ? HALF_MOST : this.pollEvery;
      const trap = system.run(Math.min(most, budget - consumed));
      consumed += trap.consumed;
      const isNews = this.hear(trap);
      if (this.htif?.status !== undefined) return { kind: 'ended', status: this.htif.status, consumed };
      if (system.stopped !== null) {
        const { kind, code } = system.stopped;
        return { kind: kind === 'reset' ? 'reset' : 'ended', status: code, consumed };
      }
      if (trap.kind === 'idle' && !isNews && !this.wake()) return { kind: 'idle', status: 0, consumed };
    }
    return { kind: 'budget', status: 0, consumed };
  }

  /** Serves the program's requests. @returns whether there was one */
  private hear({ kind, consumed }: SystemTrap): boolean {
    const { htif } = this;
    if (htif === undefined) return false;
    this.halfFor = htif.isHalf ? this.halfFor + consumed : 0;
    const isNews = htif.poll(this.machine.system.takeStored(), kind === 'idle' || this.halfFor >= HALF_MOST);
    if (isNews) this.pollEvery = POLL_SOON;
    else if (kind === 'budget') this.pollEvery = Math.min(2 * this.pollEvery, POLL_LATE);
    return isNews;
  }

  /** Lets a program go on that waits for what nothing will raise. @returns false: only input can, or it was too often */
  private wake(): boolean {
    const { system } = this.machine;
    if (system.hearsDevices || this.wakes === MOST_WAKES) return false;
    this.wakes++;
    system.resume();
    return true;
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

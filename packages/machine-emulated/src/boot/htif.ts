/**
 * The host-target interface: two doublewords in the guest's memory, `tohost` and `fromhost`, by which bare programs
 * print, read a key and end. The host looks when `tohost` was stored to (see `SystemHart.watch`), and now and then.
 *
 * Halves   programs for both word lengths store a request in two words, the low one first, and some do not wait for the
 *          host between two requests. So a request of which only the low word was stored is taken when the high word
 *          follows, when the low one is stored again (a program that knows no high one), or after a while.
 * Shape    tohost = device << 56 | command << 48 | payload. Device 0, command 0: an odd payload ends the run with
 *          payload >> 1, an even one is the address of eight doublewords, a system call (write and exit are known).
 *          Device 1: command 1 prints the payload's low byte, command 0 asks for a byte of input.
 * Source   the front-end server's protocol as riscv-isa-sim implements it
 */
import type { MemoryRegion } from '@veridian-os/abi';

const SYSTEM_CALL = 0;
const CONSOLE = 1;
const GET = 0;
const PUT = 1;
const SYS_WRITE = 64n;
const SYS_EXIT = 93n;
const ENOSYS = 38n;
const EBADF = 9n;
const EFAULT = 14n;
/** Most bytes that one system call prints. */
const MOST_BYTES = 1 << 20;
/** Bytes of `tohost`, a bit each. */
const LOW_WORD = 0x0f;
const HIGH_WORD = 0xf0;
/** What an answered console request has in its low bits: a byte was there. */
const VALID = 0x100n;

export interface HtifOptions {
  /** The RAM that holds both doublewords. */
  readonly memory: readonly MemoryRegion[];
  /** Guest physical address of `tohost`, a multiple of 8. */
  readonly toHost: number;
  /** Of `fromhost`; absent: the guest gets no answers. */
  readonly fromHost?: number;
  readonly output: (bytes: Uint8Array) => void;
}

export class Htif {
  private readonly memory: readonly MemoryRegion[];
  private readonly output: (bytes: Uint8Array) => void;
  private readonly toHost: DataView;
  private readonly fromHost: DataView | undefined;
  private readonly input: number[] = [];
  /** Requests for a byte of input that have no answer yet. */
  private asked = 0;
  /** A request of which only the low word was stored, 0n = none. */
  private half = 0n;
  private readonly answers: bigint[] = [];
  /** What the program ended with; undefined while it runs. */
  status: number | undefined;

  /** @throws RangeError for an address that is not in RAM or not a multiple of 8 */
  constructor(options: HtifOptions) {
    this.memory = options.memory;
    this.output = options.output;
    this.toHost = this.cell('tohost', options.toHost);
    this.fromHost = options.fromHost === undefined ? undefined : this.cell('fromhost', options.fromHost);
  }

  /** Where `tohost` is in the buffer that all views of guest memory share. */
  get offset(): number {
    return this.toHost.byteOffset;
  }

  /** Input for the guest. */
  receive(bytes: Uint8Array): void {
    for (const byte of bytes) this.input.push(byte);
  }

  /** A request may be half stored: run on for some instructions, then insist. */
  get isHalf(): boolean {
    return this.half !== 0n;
  }

  /**
   * Does what the guest has asked for since the last call.
   * @param stored which bytes of `tohost` were stored since then, bit 0 for the first; 0 when that is not known
   * @param insists takes a request of which only the low word was stored
   * @returns whether there was anything
   */
  poll(stored: number, insists: boolean): boolean {
    const request = this.toHost.getBigUint64(0, true);
    const isWhole = insists || (stored & HIGH_WORD) !== 0 || ((stored & LOW_WORD) !== 0 && request === this.half);
    const isTaken = request !== 0n && isWhole;
    this.half = isTaken ? 0n : request;
    if (isTaken) {
      this.toHost.setBigUint64(0, 0n, true);
      this.handle(request);
    }
    while (this.asked > 0 && this.input.length > 0) {
      this.asked--;
      this.answers.push((BigInt(CONSOLE) << 56n) | VALID | BigInt(this.input.shift()!));
    }
    if (this.fromHost !== undefined && this.answers.length > 0 && this.fromHost.getBigUint64(0, true) === 0n) {
      this.fromHost.setBigUint64(0, this.answers.shift()!, true);
    }
    return isTaken;
  }

  private handle(request: bigint): void {
    const device = Number(request >> 56n);
    const command = Number((request >> 48n) & 0xffn);
    const payload = request & 0xffff_ffff_ffffn;
    if (device === SYSTEM_CALL && command === 0) {
      if (payload & 1n) this.end(payload >> 1n);
      else this.systemCall(Number(payload));
    } else if (device === CONSOLE && command === PUT) {
      this.output(Uint8Array.of(Number(payload & 0xffn)));
      this.answers.push((BigInt(CONSOLE) << 56n) | (BigInt(PUT) << 48n));
    } else if (device === CONSOLE && command === GET) {
      this.asked++;
    }
  }

  private end(status: bigint): void {
    this.status = Number(status);
  }

  /** Number and arguments in, result out, in the same eight doublewords. One outside of RAM gets no answer. */
  private systemCall(address: number): void {
    const block = this.at(address, 64);
    if (block === undefined) return;
    const [number, , data, length] = [0, 8, 16, 24].map((at) => block.getBigUint64(at, true));
    if (number === SYS_EXIT) {
      this.end(block.getBigUint64(8, true) & 0xffff_ffffn);
      return;
    }
    const isOutput = [1n, 2n].includes(block.getBigUint64(8, true));
    let result = -ENOSYS;
    if (number === SYS_WRITE) result = isOutput ? this.write(Number(data), Number(length)) : -EBADF;
    block.setBigInt64(0, result, true);
    this.answers.push(1n);
  }

  private write(address: number, length: number): bigint {
    const view = length > MOST_BYTES ? undefined : this.at(address, length);
    if (view === undefined) return -EFAULT;
    this.output(new Uint8Array(view.buffer, view.byteOffset, length).slice());
    return BigInt(length);
  }

  private cell(name: string, address: number): DataView {
    const view = address % 8 === 0 ? this.at(address, 8) : undefined;
    if (view !== undefined) return view;
    throw new RangeError(`${name}: expected a multiple of 8 in RAM, got 0x${address.toString(16)}`);
  }

  private at(address: number, length: number): DataView | undefined {
    const region = this.memory.find(({ base, length: all }) => address >= base && address + length <= base + all);
    if (region === undefined) return undefined;
    return new DataView(region.u8.buffer, region.u8.byteOffset + (address - region.base), length);
  }
}

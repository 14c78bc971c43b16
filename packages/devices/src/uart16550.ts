/**
 * 16550A UART, one byte per register.
 *
 * Output is immediate (the transmitter is always empty). Input waits in a queue of any length behind the 16-byte FIFO's
 * register interface, so no byte that the host gives is lost. Modem lines read as connected; loopback echoes output.
 * Source: National Semiconductor PC16550D data sheet, section 8.
 */
import type { Device, Line } from './device.js';

const RBR = 0;
const IER = 1;
const IIR = 2;
const LCR = 3;
const MCR = 4;
const LSR = 5;
const MSR = 6;
const SCR = 7;

const DLAB = 0x80;
const LOOP = 0x10;
const RX_READY = 0x01;
const TX_EMPTY = 0x60;
const CONNECTED = 0xb0; // DCD, DSR, CTS

export class Uart16550 implements Device {
  private readonly output: (bytes: Uint8Array) => void;
  private readonly line: Line;
  private readonly one = new Uint8Array(1);
  private input: number[] = [];
  private taken = 0; // bytes of `input` already read
  private enabled = 0;
  private lineControl = 0;
  private modemControl = 0;
  private scratch = 0;
  private divisor = 1;
  private fifos = false;
  /** The transmitter-empty interrupt is armed: set by enabling it or by a write, cleared by reading it in IIR. */
  private transmitted = false;

  constructor(output: (bytes: Uint8Array) => void, line: Line) {
    this.output = output;
    this.line = line;
  }

  /** Bytes from the outside; raises the receive interrupt if the guest enabled it. */
  receive(bytes: Uint8Array): void {
    for (const byte of bytes) this.input.push(byte);
    this.update();
  }

  /** Bytes that the guest has not read yet. */
  get waiting(): number {
    return this.input.length - this.taken;
  }

  read(offset: number): number {
    switch (offset) {
      case RBR:
        return this.lineControl & DLAB ? this.divisor & 255 : this.take();
      case IER:
        return this.lineControl & DLAB ? this.divisor >> 8 : this.enabled;
      case IIR:
        return this.identify();
      case LCR:
        return this.lineControl;
      case MCR:
        return this.modemControl;
      case LSR:
        return TX_EMPTY | (this.waiting > 0 ? RX_READY : 0);
      case MSR:
        return CONNECTED;
      case SCR:
        return this.scratch;
      default:
        return 0;
    }
  }

  write(offset: number, _size: number, value: number): void {
    const byte = value & 255;
    switch (offset) {
      case RBR:
        if (this.lineControl & DLAB) this.divisor = (this.divisor & 0xff00) | byte;
        else this.send(byte);
        break;
      case IER:
        if (this.lineControl & DLAB) this.divisor = (this.divisor & 255) | (byte << 8);
        else this.enable(byte & 15);
        break;
      case IIR:
        this.controlFifo(byte);
        break;
      case LCR:
        this.lineControl = byte;
        break;
      case MCR:
        this.modemControl = byte & 31;
        break;
      case SCR:
        this.scratch = byte;
        break;
      default: // status registers ignore writes
    }
    this.update();
  }

  private take(): number {
    if (this.waiting === 0) return 0;
    const byte = this.input[this.taken++];
    if (this.waiting === 0) this.discard();
    this.update();
    return byte;
  }

  private discard(): void {
    this.input = [];
    this.taken = 0;
  }

  private send(byte: number): void {
    this.transmitted = true;
    if (this.modemControl & LOOP) {
      this.input.push(byte);
      return;
    }
    this.one[0] = byte;
    this.output(this.one);
  }

  private enable(bits: number): void {
    if (bits & ~this.enabled & 2) this.transmitted = true;
    this.enabled = bits;
  }

  private controlFifo(byte: number): void {
    this.fifos = (byte & 1) !== 0;
    if (byte & 2) this.discard();
  }

  private get receiving(): boolean {
    return (this.enabled & 1) !== 0 && this.waiting > 0;
  }

  private get sending(): boolean {
    return (this.enabled & 2) !== 0 && this.transmitted;
  }

  private identify(): number {
    const fifo = this.fifos ? 0xc0 : 0;
    if (this.receiving) return fifo | 4;
    if (!this.sending) return fifo | 1;
    this.transmitted = false;
    this.update();
    return fifo | 2;
  }

  private update(): void {
    this.line(this.receiving || this.sending);
  }
}

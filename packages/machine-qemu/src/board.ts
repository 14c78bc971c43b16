/**
 * What the kernel finds on this machine: device models of the host for the console, and behind the same `bus` the
 * devices of QEMU's board.
 *
 * The console's UART, its interrupt controller and the power switch are models of `@veridian-os/devices`, at addresses
 * where QEMU's boards have nothing: the same on all architectures, and a byte of output costs no trip to the guest.
 * Everything else goes to the board through the monitor; where nothing answers, reads give 0 and writes vanish.
 */
import type { PhysAddr } from '@veridian-os/abi';
import { DeviceBus, Plic, PlicInterrupts, SUPERVISOR_CONTEXT, TestFinisher, Uart16550 } from '@veridian-os/devices';
import type { Bus, ConsolePort, InterruptController, Isa } from '@veridian-os/hal';
import type { HostMonitor } from './host-monitor.js';
import { MAILBOX, Opcode } from './layout.js';

/** Where the models are: a gap of the board. */
const GAP: Readonly<Record<Isa, number>> = { riscv64: 0x1200_0000, aarch64: 0x0b00_0000, x86_64: 0xf000_0000 };
const TWO_32 = 4294967296;
/** Where `bus` has the ports of x86_64: far above memory. */
export const PORTS = 2 ** 44;
const PORT_COUNT = 0x1_0000;
export const UART_SOURCE = 10;
export const PLIC_SOURCES = 31;

export interface BoardMap {
  readonly uart: { readonly base: number; readonly length: number };
  readonly testFinisher: { readonly base: number; readonly length: number };
  readonly plic: { readonly base: number; readonly length: number };
}

export function boardMap(isa: Isa): BoardMap {
  const gap = GAP[isa];
  return {
    uart: { base: gap, length: 0x100 },
    testFinisher: { base: gap + 0x1000, length: 0x1000 },
    plic: { base: gap + 0x10_0000, length: 0x60_0000 },
  };
}

export interface BoardSignals {
  /** A device interrupt is pending. */
  interrupt(): void;
  /** The guest asked for power off or reset. */
  stop(): void;
}

/** The host's device models. */
export class Board {
  readonly models = new DeviceBus();
  readonly interrupts: InterruptController;
  readonly uart: Uart16550;

  constructor(map: BoardMap, console: ConsolePort | undefined, signals: BoardSignals) {
    const plic = new Plic(PLIC_SOURCES, 2, (context, high) => {
      if (high && context === SUPERVISOR_CONTEXT) signals.interrupt();
    });
    this.interrupts = new PlicInterrupts(plic);
    const output = (bytes: Uint8Array): void => console?.output(bytes);
    this.uart = new Uart16550(output, (high) => plic.setLevel(UART_SOURCE, high));
    const finisher = new TestFinisher(() => signals.stop());
    this.models.attach(map.uart.base, map.uart.length, this.uart, 'ns16550a', UART_SOURCE);
    this.models.attach(map.testFinisher.base, map.testFinisher.length, finisher, 'sifive,test1');
    this.models.attach(map.plic.base, map.plic.length, plic, 'riscv,plic0');
  }
}

/** Models first, then the board. */
export class QemuBus implements Bus {
  private readonly models: DeviceBus;
  private readonly monitor: HostMonitor;
  private readonly hasPorts: boolean;

  constructor(models: DeviceBus, monitor: HostMonitor, hasPorts: boolean) {
    this.models = models;
    this.monitor = monitor;
    this.hasPorts = hasPorts;
  }

  read8(address: PhysAddr): number {
    return this.isModel(address, 1) ? this.models.read8(address) : this.access(Opcode.Read8, address, 0) & 0xff;
  }

  read16(address: PhysAddr): number {
    return this.isModel(address, 2) ? this.models.read16(address) : this.access(Opcode.Read16, address, 0) & 0xffff;
  }

  read32(address: PhysAddr): number {
    return this.isModel(address, 4) ? this.models.read32(address) : this.access(Opcode.Read32, address, 0);
  }

  write8(address: PhysAddr, value: number): void {
    if (this.isModel(address, 1)) this.models.write8(address, value);
    else this.access(Opcode.Write8, address, value & 0xff);
  }

  write16(address: PhysAddr, value: number): void {
    if (this.isModel(address, 2)) this.models.write16(address, value);
    else this.access(Opcode.Write16, address, value & 0xffff);
  }

  write32(address: PhysAddr, value: number): void {
    if (this.isModel(address, 4)) this.models.write32(address, value);
    else this.access(Opcode.Write32, address, value);
  }

  private isModel(address: number, size: number): boolean {
    return this.models.has(address >>> 0, Math.floor(address / TWO_32), size);
  }

  private access(opcode: Opcode, address: number, value: number): number {
    const { monitor } = this;
    const mailbox = monitor.mailboxes[0];
    const { words } = mailbox;
    const isPort = this.hasPorts && address >= PORTS && address < PORTS + PORT_COUNT;
    if (!isPort) mailbox.setAddress(MAILBOX.ARGUMENT, address);
    else words.set([address - PORTS, 0], MAILBOX.ARGUMENT / 4);
    words[MAILBOX.VALUE / 4] = value;
    monitor.command(mailbox, isPort ? ((opcode + Opcode.In8 - Opcode.Read8) as Opcode) : opcode);
    return mailbox.words[MAILBOX.VALUE / 4];
  }
}

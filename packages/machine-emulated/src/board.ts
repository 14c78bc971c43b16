/** The devices of QEMU's `virt` board around one hart's lines, at their places on the bus. */
import type { Nanoseconds } from '@veridian-os/abi';
import type { Device, StopRequest, TimerPort } from '@veridian-os/devices';
import {
  Clint,
  DeviceBus,
  GoldfishRtc,
  MACHINE_CONTEXT,
  Plic,
  PlicInterrupts,
  Rom,
  SUPERVISOR_CONTEXT,
  TestFinisher,
  Uart16550,
} from '@veridian-os/devices';
import type { InterruptController } from '@veridian-os/hal';
import { MEMORY_MAP, RTC_SOURCE, UART_SOURCE, VIRTIO_SLOTS } from './api.js';

/** Bit numbers of mip as masks: the lines that devices drive. */
export const LINE = { MSI: 1 << 3, SEI: 1 << 9, MEI: 1 << 11 } as const;

const PLIC_SOURCES = 96;
/** Where the device tree begins in the boot ROM. */
export const FDT_OFFSET = 0x100;

/** What the board needs from its machine. */
export interface BoardPorts {
  readonly timer: TimerPort;
  now(): Nanoseconds;
  /** Nanoseconds from 1970 to the machine's time 0. */
  readonly epochNs: bigint;
  output(bytes: Uint8Array): void;
  /** One of {@link LINE} changes. */
  setLine(line: number, high: boolean): void;
  stop(request: StopRequest): void;
}

/** A virtio place with nothing in it: the magic, and device 0. */
const EMPTY_SLOT: Device = {
  read: (offset) => (offset === 0 ? 0x74726976 : offset === 4 ? 2 : 0),
  write: () => undefined,
};

export class VirtBoard {
  readonly bus = new DeviceBus();
  readonly interrupts: InterruptController;
  readonly uart: Uart16550;
  readonly rtc: GoldfishRtc;
  private readonly plic: Plic;

  constructor(ports: BoardPorts) {
    this.plic = new Plic(PLIC_SOURCES, 2, (context, high) => {
      if (context === MACHINE_CONTEXT) ports.setLine(LINE.MEI, high);
      if (context === SUPERVISOR_CONTEXT) ports.setLine(LINE.SEI, high);
    });
    this.interrupts = new PlicInterrupts(this.plic);
    this.uart = new Uart16550((bytes) => ports.output(bytes), this.line(UART_SOURCE));
    this.rtc = new GoldfishRtc({ now: () => ports.epochNs + BigInt(Math.floor(ports.now())) }, this.line(RTC_SOURCE));
    const timer = new Clint(ports.timer, (high) => ports.setLine(LINE.MSI, high));
    const { testFinisher, rtc, clint, plic, uart } = MEMORY_MAP;
    const finisher = new TestFinisher((request) => ports.stop(request));
    this.bus.attach(uart.base, uart.length, this.uart, 'ns16550a', UART_SOURCE);
    this.bus.attach(plic.base, plic.length, this.plic, 'riscv,plic0');
    this.bus.attach(clint.base, clint.length, timer, 'riscv,clint0');
    this.bus.attach(testFinisher.base, testFinisher.length, finisher, 'sifive,test1');
    this.bus.attach(rtc.base, rtc.length, this.rtc, 'google,goldfish-rtc', RTC_SOURCE);
  }

  /** An interrupt source's line at the PLIC. */
  line(source: number): (high: boolean) => void {
    return (high) => this.plic.setLevel(source, high);
  }

  /** Read-only memory at the start of the boot ROM's range: the hand-off at 0, the device tree at {@link FDT_OFFSET}. */
  attachRom(bytes: Uint8Array): void {
    this.bus.attach(MEMORY_MAP.bootRom.base, MEMORY_MAP.bootRom.length, new Rom(bytes));
  }

  /** Puts a device, or nothing, into a virtio slot. */
  attachVirtio(slot: number, device: Device | undefined): void {
    const at = MEMORY_MAP.virtio.base + slot * MEMORY_MAP.virtio.stride;
    const { length } = MEMORY_MAP.virtio;
    if (device === undefined) this.bus.attach(at, length, EMPTY_SLOT);
    else this.bus.attach(at, length, device, 'virtio,mmio', slot + 1);
  }

  /** Fills the slots behind the first `used` with nothing. */
  attachEmptySlots(used: number): void {
    for (let slot = used; slot < VIRTIO_SLOTS; slot++) this.attachVirtio(slot, undefined);
  }
}

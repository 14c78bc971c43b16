/** The devices of QEMU's `virt` board around one hart's lines, at their places on the bus. */
import type { Nanoseconds } from '@veridian-os/abi';
import type { Device, GuestMemory, RtcPort, StopRequest, TimerPort, VirtioDevice } from '@veridian-os/devices';
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
  VirtioMmio,
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

/** The real-time clock's alarm, as whoever runs the hart sees it. */
export interface Alarm {
  /** Nanoseconds of the machine's time until it rings; Infinity: it is not set. */
  untilAlarm(): number;
  /** Time has passed: rings if it is due. */
  tick(): void;
}

/** The machine's time as the real-time clock's. */
class AlarmClock implements RtcPort {
  private readonly ports: BoardPorts;
  private at: bigint | undefined;

  constructor(ports: BoardPorts) {
    this.ports = ports;
  }

  now(): bigint {
    return this.ports.epochNs + BigInt(Math.floor(this.ports.now()));
  }

  setDeadline(at: bigint | undefined): void {
    this.at = at;
  }

  untilAlarm(): number {
    return this.at === undefined ? Infinity : Math.max(0, Number(this.at - this.now()));
  }

  tick(clock: GoldfishRtc): void {
    if (this.at !== undefined && this.at <= this.now()) clock.expire();
  }
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
  readonly alarm: Alarm;
  private readonly plic: Plic;

  constructor(ports: BoardPorts) {
    this.plic = new Plic(PLIC_SOURCES, 2, (context, high) => {
      if (context === MACHINE_CONTEXT) ports.setLine(LINE.MEI, high);
      if (context === SUPERVISOR_CONTEXT) ports.setLine(LINE.SEI, high);
    });
    this.interrupts = new PlicInterrupts(this.plic);
    this.uart = new Uart16550((bytes) => ports.output(bytes), this.line(UART_SOURCE));
    const clock = new AlarmClock(ports);
    const realTime = new GoldfishRtc(clock, this.line(RTC_SOURCE));
    this.alarm = { tick: () => clock.tick(realTime), untilAlarm: () => clock.untilAlarm() };
    const timer = new Clint(ports.timer, (high) => ports.setLine(LINE.MSI, high));
    const { testFinisher, rtc, clint, plic, uart } = MEMORY_MAP;
    const finisher = new TestFinisher((request) => ports.stop(request));
    this.bus.attach(uart.base, uart.length, this.uart, 'ns16550a', UART_SOURCE);
    this.bus.attach(plic.base, plic.length, this.plic, 'riscv,plic0');
    this.bus.attach(clint.base, clint.length, timer, 'riscv,clint0');
    this.bus.attach(testFinisher.base, testFinisher.length, finisher, 'sifive,test1');
    this.bus.attach(rtc.base, rtc.length, realTime, 'google,goldfish-rtc', RTC_SOURCE);
  }

  /** An interrupt source's line at the PLIC. */
  line(source: number): (high: boolean) => void {
    return (high) => this.plic.setLevel(source, high);
  }

  /** Read-only memory at the start of the boot ROM's range: the hand-off at 0, the device tree at {@link FDT_OFFSET}. */
  attachRom(bytes: Uint8Array): void {
    this.bus.attach(MEMORY_MAP.bootRom.base, MEMORY_MAP.bootRom.length, new Rom(bytes));
  }

  /** Puts devices into the virtio slots, from the first on, and nothing into the rest. */
  attachVirtio(devices: readonly VirtioDevice[], memory: GuestMemory): void {
    const { base, stride, length } = MEMORY_MAP.virtio;
    for (let slot = 0; slot < VIRTIO_SLOTS; slot++) {
      const device = devices[slot];
      const at = base + slot * stride;
      if (device === undefined) this.bus.attach(at, length, EMPTY_SLOT);
      else this.bus.attach(at, length, new VirtioMmio(device, memory, this.line(slot + 1)), 'virtio,mmio', slot + 1);
    }
  }
}

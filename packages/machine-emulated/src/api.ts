/** What an emulated machine can be asked for. */
import type { VirtioDevice } from '@veridian-os/devices';
import type { ConsolePort } from '@veridian-os/hal';

/** One piece of RAM. */
export interface RamOptions {
  /** First guest physical address; a multiple of 4096. */
  readonly base: number;
  /** A multiple of 4096. */
  readonly bytes: number;
  /** NUMA node; default 0. */
  readonly node?: number;
  /** 0 = DRAM, 1 = CXL-attached, 2 = persistent; default 0. */
  readonly tier?: number;
}

export interface TranslationOptions {
  /**
   * Instructions interpreted, for each one that would be translated, before it is, 0 .. 1e6; 0 = at first sight.
   * Default 20,000: V8's optimising of one costs about as much.
   */
  readonly threshold?: number;
  /** Interpreted instructions between two looks at where the guest is, 1 .. 8192; default 4093 (a prime, as loops are rarely so long). */
  readonly interval?: number;
  /** Most bytes of WebAssembly kept, from 65536; default 64 MiB. What was not entered for the longest time goes first. */
  readonly maxBytes?: number;
}

export interface EmulatedMachineOptions {
  /**
   * 1 .. 16, default 1. With more, every CPU but the first runs on a worker of its own (Node only), memory is shared and
   * a run is no longer deterministic; the machine must be disposed.
   */
  readonly cpus?: number;
  /** RAM at 0x8000_0000, a multiple of 4096; default 256 MiB. Not together with `ram`. */
  readonly memoryBytes?: number;
  /** RAM in up to 16 pieces that do not overlap each other or the devices. */
  readonly ram?: readonly RamOptions[];
  /** Where bytes go that the guest writes to its UART; default: nowhere. */
  readonly console?: ConsolePort;
  /** Virtual picoseconds per instruction, 1 .. 1_000_000; default 1000 (one instruction = 1 ns). */
  readonly picosecondsPerInstruction?: number;
  /** Most contexts alive at once, 1 .. 65536; default 4096. 576 bytes each. */
  readonly maxContexts?: number;
  /** Code pages kept decoded, 16 .. 65536; default 1024. 16 KiB each and CPU, touched only when used. */
  readonly codePages?: number;
  /**
   * Translation of hot code to WebAssembly at run time; false = interpret everything. Only with one CPU. It changes nothing
   * but speed.
   */
  readonly translation?: TranslationOptions | false;
  /** Kernel command line in the device tree's `/chosen`; default ''. */
  readonly commandLine?: string;
  /** Nanoseconds from 1970 to the machine's start, for its real-time clock; default 0. */
  readonly epochNs?: bigint;
  /**
   * At most {@link VIRTIO_SLOTS} virtio devices (disks, network cards, ...): the first is at the lowest address. What they
   * complete later, between runs, reaches the guest as an interrupt.
   */
  readonly virtio?: readonly VirtioDevice[];
}

/** Guest physical addresses of the devices: QEMU's `virt` board. */
export const MEMORY_MAP = {
  bootRom: { base: 0x1000, length: 0xf000 },
  testFinisher: { base: 0x10_0000, length: 0x1000 },
  rtc: { base: 0x10_1000, length: 0x1000 },
  clint: { base: 0x200_0000, length: 0x1_0000 },
  plic: { base: 0xc00_0000, length: 0x60_0000 },
  uart: { base: 0x1000_0000, length: 0x100 },
  /** Eight slots, of interrupt sources 1 to 8. */
  virtio: { base: 0x1000_1000, length: 0x200, stride: 0x1000 },
  ram: { base: 0x8000_0000 },
} as const;

/** The UART's source number at the interrupt controller. */
export const UART_SOURCE = 10;
/** The real-time clock's. */
export const RTC_SOURCE = 11;
/** Places for virtio devices. */
export const VIRTIO_SLOTS = 8;
/** Ticks of the guest's `time` per second. */
export const TIMEBASE_HZ = 10_000_000;

/** What a KVM machine can be asked for, and where things are in its guest physical memory. */
import type { ConsolePort } from '@veridian-os/hal';

export interface KvmMachineOptions {
  /** RAM, a multiple of 4096, up to 256 GiB; default 256 MiB. More than 1 GiB is several regions. */
  readonly memoryBytes?: number;
  /** Where bytes go that are written to the UART; default: nowhere. */
  readonly console?: ConsolePort;
  /** Most contexts alive at once, 1 .. 65536; default 4096. */
  readonly maxContexts?: number;
  /** Kernel command line in the device tree's `/chosen`; default ''. */
  readonly commandLine?: string;
  /** CPUs, 1 .. 16; default 1. The first runs on the calling thread, each further one on a worker. */
  readonly cpus?: number;
  /** Virtual CPUs of the host's kernel that contexts take turns on, for each CPU, 1 .. 64; default 8. */
  readonly vcpus?: number;
}

/**
 * Guest physical addresses. Devices are where QEMU's `virt` board has them, as on the emulated machine. The monitor's
 * memory is the machine's own and in no region.
 */
export const MEMORY_MAP = {
  bootRom: { base: 0x1000, length: 0xf000 },
  testFinisher: { base: 0x10_0000, length: 0x1000 },
  plic: { base: 0xc00_0000, length: 0x60_0000 },
  uart: { base: 0x1000_0000, length: 0x100 },
  monitor: { base: 0x4000_0000, length: 0x4000_0000 },
  /** The first GiB of RAM; more of it follows from `highRam`, past the addresses that KVM keeps for itself. */
  ram: { base: 0x8000_0000, length: 0x4000_0000 },
  highRam: { base: 0x1_0000_0000 },
} as const;

/** The UART's source number at the interrupt controller. */
export const UART_SOURCE = 10;

/**
 * `hardware`: ring 3 and ring 0 both run on the processor. `interpreted`: a nested KVM without VMX, whose ring 0 is
 * interpreted by the host and where SYSCALL arrives as a page fault at the entry point.
 */
export type KvmKind = 'hardware' | 'interpreted';

/** What a QEMU machine can be asked for. */
import type { ConsolePort, Isa } from '@veridian-os/hal';

export interface QemuMachineOptions {
  /** Instruction set of the guest; default riscv64. */
  readonly isa?: Isa;
  /** RAM of the guest, a multiple of 4096 from 4 MiB; default 256 MiB. The monitor's own comes on top. */
  readonly memoryBytes?: number;
  /** Where bytes go that are written to the console UART; default: nowhere. */
  readonly console?: ConsolePort;
  /** Most contexts alive at once, 1 .. 65536; default 4096. */
  readonly maxContexts?: number;
  /** CPUs, 1 .. 16; default 1. */
  readonly cpus?: number;
  /**
   * `blocking`: both sides sleep while they wait, 10 to 40 us per trap. `spinning`: they look at shared memory first, as
   * long as that has been worth it lately; about 2 us per trap where two cores are free, no gain where they are not.
   * Default blocking.
   */
  readonly waiting?: 'blocking' | 'spinning';
  /** Kernel command line in the device tree's `/chosen`; default ''. */
  readonly commandLine?: string;
  /** Executable; default `qemu-system-ISA` on PATH. */
  readonly qemu?: string;
  /** Milliseconds without an answer after which QEMU counts as hung, from 100; default 20,000. */
  readonly hangMs?: number;
  /**
   * `kvm` runs guests of the host's own ISA on the host's CPU, `tcg` translates them. Default `auto`: KVM where a machine
   * starts with it, which is tried once where it may succeed.
   */
  readonly accelerator?: 'auto' | 'tcg' | 'kvm';
  /**
   * How guest memory is shared. `mapped`: the same memory on both sides, through koffi. `mirrored`: what a program can reach
   * is compared and copied around every trap, several times slower, one CPU. Default `auto`: mapped where koffi loads.
   */
  readonly sharing?: 'auto' | 'mapped' | 'mirrored';
}

/**
 * What a probe found: QEMU's version, its accelerator, how long a machine takes to start, and why it is slower than it could be where it is;
 * or one sentence that says why not.
 */
export type QemuProbe =
  | {
      readonly ok: true;
      readonly version: string;
      readonly accelerator: 'tcg' | 'kvm';
      readonly startMs: number;
      readonly slower?: string;
    }
  | { readonly ok: false; readonly reason: string };

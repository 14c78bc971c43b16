/** `veridian machine` with firmware and a kernel: a computer with a serial console. */
import { gunzipSync } from 'node:zlib';
import type { Nanoseconds } from '@veridian-os/abi';
import { VirtioBlk, VirtioRng } from '@veridian-os/devices';
import { EmulatedMachine, type BootImages } from '@veridian-os/machine-emulated';
import type { MachineLimits } from '../commands/machine.js';
import { openConsole, OutputBuffer, type ConsoleInput } from './console.js';
import { loading, MachineFileError, readMachineFile, STOPPED, TIMED_OUT } from './files.js';
import { Meter, turn } from './meter.js';
import { FileDisk } from './disk.js';
import { fillFrom, seededBytes } from './seed.js';

export interface SystemOptions {
  readonly bios: string | undefined;
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  readonly commandLine: string;
  /** `FILE` or `FILE,readonly`. */
  readonly drives: readonly string[];
  readonly seed: number | 'host';
  /** Waiting costs host time. */
  readonly paced: boolean;
  /** Nanoseconds from 1970 to the machine's start. */
  readonly epochNs: bigint;
  /** A reset ends the run instead of starting over. */
  readonly endsAtReset: boolean;
  readonly limits: MachineLimits;
  readonly signal: AbortSignal;
}

const MOST_STATUS = 255;
/** More than the default: a kernel's code is larger than a program's. */
const CODE_PAGES = 4096;
const SEED_BYTES = 64;

/** @returns the command's exit status */
export async function runSystem(options: SystemOptions): Promise<number> {
  try {
    return await new SystemRun(options, readImages(options)).run();
  } catch (error) {
    if (!(error instanceof MachineFileError)) throw error;
    process.stderr.write(`veridian: ${error.message}\n`);
    return error.status;
  }
}

function readImages({ bios, kernel, initrd, commandLine, seed }: SystemOptions): BootImages {
  const read = (option: string, path: string): Uint8Array => {
    const bytes = readMachineFile(option, path);
    const isGzip = option === '--kernel' && bytes[0] === 0x1f && bytes[1] === 0x8b;
    return isGzip ? gunzipSync(bytes) : bytes;
  };
  return {
    ...(bios === undefined ? {} : { bios: read('--bios', bios) }),
    ...(kernel === undefined ? {} : { kernel: read('--kernel', kernel) }),
    ...(initrd === undefined ? {} : { initrd: read('--initrd', initrd) }),
    commandLine,
    rngSeed: seededBytes(seed, SEED_BYTES),
  };
}

class SystemRun {
  private readonly options: SystemOptions;
  private readonly images: BootImages;
  private readonly output = new OutputBuffer();
  private readonly meter: Meter;
  private readonly disks: readonly FileDisk[];
  private machine: EmulatedMachine;
  private hasQuit = false;
  private heard = false;

  constructor(options: SystemOptions, images: BootImages) {
    this.options = options;
    this.images = images;
    this.meter = new Meter(options.limits);
    this.disks = options.drives.map((text) => new FileDisk(text));
    this.machine = this.powerOn();
  }

  private powerOn(): EmulatedMachine {
    const { limits, epochNs, bios, kernel, seed } = this.options;
    const disks = this.disks.map((disk, i) => new VirtioBlk(disk, { id: `veridian-${i}` }));
    const machine = EmulatedMachine.create({
      memoryBytes: limits.memoryBytes,
      codePages: CODE_PAGES,
      console: { output: this.output.push },
      epochNs,
      virtio: [...disks, new VirtioRng(fillFrom(seed))],
    });
    loading('machine', [bios, kernel].filter((path) => path !== undefined).join(' '), () => machine.boot(this.images));
    return machine;
  }

  async run(): Promise<number> {
    const input = openConsole({
      receive: (bytes) => {
        this.heard = true;
        this.machine.receive(bytes);
      },
      quit: () => void (this.hasQuit = true),
      raw: true,
    });
    try {
      return await this.drive(input);
    } finally {
      input.close();
      this.output.flush();
      if (this.options.limits.stats) process.stderr.write(this.meter.report(this.machine.clock.now()));
      this.machine.dispose();
      for (const disk of this.disks) disk.close();
    }
  }

  private async drive(input: ConsoleInput): Promise<number> {
    const { meter, options } = this;
    while (!options.signal.aborted && !this.hasQuit) {
      const { system } = this.machine;
      const trap = system.run(meter.step, false);
      meter.spend(trap.consumed);
      this.output.flush();
      if (trap.kind === 'stopped') {
        const { kind, code } = system.stopped!;
        if (kind !== 'reset' || options.endsAtReset) return Math.min(code, MOST_STATUS);
        this.machine.dispose();
        this.machine = this.powerOn();
      }
      if (meter.exceeded !== undefined) return this.limitReached(meter.exceeded);
      this.heard = false;
      await turn();
      if (trap.kind === 'idle' && !this.heard && !(await this.idle(input))) return this.nothingLeft();
    }
    return 0;
  }

  /** The hart waits. @returns false when nothing will wake it */
  private async idle(input: ConsoleInput): Promise<boolean> {
    const { system, clock } = this.machine;
    const { untilWake } = system;
    if (untilWake === Infinity && input.ended) return false;
    if (!this.options.paced && untilWake !== Infinity) return system.skipIdle();
    const began = performance.now();
    await input.wait(Math.min(untilWake / 1e6, this.meter.leftMs, 2 ** 31 - 1));
    const slept = (performance.now() - began) * 1e6;
    clock.advance((clock.now() + Math.round(Math.min(slept, untilWake))) as Nanoseconds);
    return true;
  }

  private limitReached(limit: 'instructions' | 'time'): number {
    process.stderr.write(
      `veridian: the machine was stopped by --${limit === 'time' ? 'timeout' : 'max-instructions'}\n`,
    );
    return limit === 'time' ? TIMED_OUT : STOPPED;
  }

  private nothingLeft(): number {
    process.stderr.write('veridian: the machine waits for an interrupt that nothing will raise\n');
    return STOPPED;
  }
}

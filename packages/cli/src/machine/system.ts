/** `veridian machine` with firmware and a kernel: a computer with a serial console. */
import { gunzipSync } from 'node:zlib';
import { UserNetwork, Virtio9p, VirtioBlk, VirtioNet, VirtioRng } from '@veridian-os/devices';
import { EmulatedMachine, SystemDriver } from '@veridian-os/machine-emulated';
import type { BootImages, DriverHost, Waiting } from '@veridian-os/machine-emulated';
import type { MachineLimits } from '../commands/machine.js';
import { openConsole, OutputBuffer, type ConsoleInput } from './console.js';
import { standardError } from '../host/stdio.js';
import { loading, MachineFileError, NOT_USABLE, readMachineFile, STOPPED, TIMED_OUT } from './files.js';
import { Meter, turn } from './meter.js';
import { HostSockets } from './host-sockets.js';
import { FileDisk } from './disk.js';
import { fillFrom, seededBytes } from './seed.js';
import { SharedFolder, type Share } from './shared-folder.js';

export interface SystemOptions {
  readonly bios: string | undefined;
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  readonly commandLine: string;
  /** `FILE` or `FILE,readonly`. */
  readonly drives: readonly string[];
  /** Folders of the host; their tags differ. */
  readonly shares: readonly Share[];
  /** `user`: the guest reaches what the host does; `user,host` also the host's own loopback, as 10.0.2.2. */
  readonly net: 'none' | 'user' | 'user,host';
  readonly seed: number | 'host';
  /** Ports of the host's loopback that lead to the guest's. */
  readonly forwards: readonly { readonly host: number; readonly guest: number }[];
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
/** QEMU's first card. */
const MAC = Uint8Array.of(0x52, 0x54, 0x00, 0x12, 0x34, 0x56);
const LOOPBACK = '127.0.0.1';

/** @returns the command's exit status */
export async function runSystem(options: SystemOptions): Promise<number> {
  try {
    return await new SystemRun(options, readImages(options)).run();
  } catch (error) {
    if (!(error instanceof MachineFileError)) throw error;
    standardError.write(`veridian: ${error.message}\n`);
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
  private readonly shares: readonly Virtio9p[];
  private machine: EmulatedMachine;
  private network: UserNetwork | undefined;
  private sockets: HostSockets | undefined;
  private wake = (): void => undefined;
  private hasQuit = false;
  private driver: SystemDriver | undefined;

  constructor(options: SystemOptions, images: BootImages) {
    this.options = options;
    this.images = images;
    this.meter = new Meter(options.limits);
    this.disks = options.drives.map((text) => new FileDisk(text));
    this.shares = options.shares.map((share) => new Virtio9p(new SharedFolder(share), share.tag));
    this.machine = this.powerOn();
  }

  private powerOn(): EmulatedMachine {
    const { limits, epochNs, bios, kernel, seed } = this.options;
    const disks = this.disks.map((disk, i) => new VirtioBlk(disk, { id: `veridian-${i}` }));
    // What the last system had open.
    for (const share of this.shares) share.reset();
    const machine = EmulatedMachine.create({
      memoryBytes: limits.memoryBytes,
      codePages: CODE_PAGES,
      console: { output: this.output.push },
      epochNs,
      virtio: [...disks, ...this.connectNetwork(), new VirtioRng(fillFrom(seed)), ...this.shares],
    });
    loading('machine', [bios, kernel].filter((path) => path !== undefined).join(' '), () => machine.boot(this.images));
    return machine;
  }

  /** A network card on a network of its own. */
  private connectNetwork(): VirtioNet[] {
    const { net } = this.options;
    this.disconnect();
    if (net === 'none') return [];
    const card: VirtioNet = new VirtioNet(MAC, (frame) => this.network?.receive(frame));
    const heard = (): void => {
      this.driver?.notice();
      this.wake();
    };
    const deliver = (frame: Uint8Array): void => {
      card.receive(frame);
      this.driver?.notice();
    };
    const hostAccess = net === 'user,host';
    this.sockets = new HostSockets({ wake: heard });
    this.network = new UserNetwork(deliver, this.sockets, () => performance.now(), { hostAccess });
    return [card];
  }

  /** Opens the host's ports that lead to the guest's. @throws MachineFileError where one is taken */
  private async forward(): Promise<void> {
    for (const { host, guest } of this.options.forwards) {
      try {
        await this.sockets?.forward(this.network!, LOOPBACK, host, guest);
      } catch (error) {
        throw new MachineFileError(`--forward ${host}:${guest}: ${(error as Error).message}`, NOT_USABLE);
      }
    }
  }

  private disconnect(): void {
    this.network?.close();
    this.sockets?.close();
  }

  async run(): Promise<number> {
    const input = openConsole({
      receive: (bytes) => {
        this.machine.receive(bytes);
        this.driver?.notice();
      },
      quit: () => void (this.hasQuit = true),
      raw: true,
    });
    this.wake = () => input.wake();
    try {
      await this.forward();
      return await this.drive(input);
    } finally {
      input.close();
      this.output.flush();
      if (this.options.limits.stats) standardError.write(this.meter.report(this.machine.clock.now()));
      this.machine.dispose();
      this.disconnect();
      for (const disk of this.disks) disk.close();
    }
  }

  private async drive(input: ConsoleInput): Promise<number> {
    const { meter, options } = this;
    const host: DriverHost = { now: () => performance.now(), turn: () => this.turn(), wait: (ms) => input.wait(ms) };
    this.driver = new SystemDriver(this.machine, host);
    while (!options.signal.aborted && !this.hasQuit) {
      const trap = this.driver.run(meter.step);
      meter.spend(trap.consumed);
      this.output.flush();
      if (trap.kind === 'stopped') {
        const { kind, code } = this.machine.system.stopped!;
        if (kind !== 'reset' || options.endsAtReset) return Math.min(code, MOST_STATUS);
        this.machine.dispose();
        this.machine = this.powerOn();
        this.driver = new SystemDriver(this.machine, host);
        await this.forward();
      }
      if (meter.exceeded !== undefined) return this.limitReached(meter.exceeded);
      if (!(await this.driver.rest(() => this.waiting(input)))) return this.nothingLeft();
    }
    return 0;
  }

  /** Lets the network's timers and the host's events in. */
  private turn(): Promise<void> {
    if (this.network !== undefined && this.network.due <= performance.now()) this.network.tick();
    return turn();
  }

  private waiting(input: ConsoleInput): Waiting {
    // The outside world answers in its own time: the guest's must not run away from it.
    const isTalking = (this.network?.flows ?? 0) > 0;
    const networkMs = Math.max(0, (this.network?.due ?? Infinity) - performance.now());
    return {
      paced: this.options.paced || isTalking,
      hasSource: isTalking || !input.ended,
      mostMs: Math.min(networkMs, this.meter.leftMs),
    };
  }

  private limitReached(limit: 'instructions' | 'time'): number {
    standardError.write(
      `veridian: the machine was stopped by --${limit === 'time' ? 'timeout' : 'max-instructions'}\n`,
    );
    return limit === 'time' ? TIMED_OUT : STOPPED;
  }

  private nothingLeft(): number {
    standardError.write('veridian: the machine waits for an interrupt that nothing will raise\n');
    return STOPPED;
  }
}

/** `veridian machine`: a whole RISC-V computer, for a bare program or for firmware and a kernel. */
import type { Command } from 'commander';
import { collect, parseChoice, parsePositive, parseSize, parseWhole, UsageError } from '../options.js';
import { isInteractive } from '../host/stdio.js';
import type { SystemOptions } from '../machine/system.js';

export interface MachineFlags {
  readonly bare?: string;
  readonly signature?: string;
  readonly signatureGranularity: string;
  readonly bios?: string;
  readonly kernel?: string;
  readonly initrd?: string;
  readonly append: string;
  readonly drive: string[];
  readonly share: string[];
  readonly net: string;
  readonly forward: string[];
  readonly seed: string;
  readonly time?: string;
  readonly clock?: boolean;
  readonly reboot: boolean;
  readonly memory: string;
  readonly maxInstructions?: string;
  readonly timeout?: string;
  readonly stats?: boolean;
}

/** What both ways to use the machine share. */
export interface MachineLimits {
  readonly memoryBytes: number;
  /** Infinity: none. */
  readonly instructions: number;
  readonly timeoutMs: number;
  readonly stats: boolean;
}

const NETS = ['none', 'user', 'user,host'] as const;
const TIMES = ['virtual', 'paced'] as const;

const HELP = `
With --bios and --kernel it is QEMU's virt board: firmware (OpenSBI, U-Boot) at the start of RAM, the kernel (an Image,
an ELF, or raw) behind it, a device tree, and a serial port at the standard streams. At a terminal, Ctrl-A x quits.
A guest that powers off ends the command with status 0; one that resets starts over.

A shared folder is mounted by its tag (default 'share'): mount -t 9p -o trans=virtio,version=9p2000.L share /mnt

With --bare, an RV64 ELF is loaded into RAM (from 0x80000000) and entered in machine mode: interrupts off, a0 the hart's
number, a1 the device tree, everything open to S and U mode by PMP entry 0, menvcfg 0 (Svade: a missing accessed or dirty
bit is a page fault), mstatus.FS off. It ends by writing its symbol \`tohost\`: 1 is a pass, another odd value v the exit
status v >> 1; \`tohost\` and \`fromhost\` also serve console output, input and the system calls write and exit. Or by the
test finisher at 0x100000. A WFI that nothing can end is a NOP the first thousand times. --signature writes the memory
between the symbols begin_signature and end_signature, one little-endian number in hexadecimal per line.

Exit status: the program's own (255 for what does not fit); 124 after --timeout; 126 when a file cannot be read or
loaded; 127 when it is not there; 137 after --max-instructions, or when the machine waits for what cannot come.

Examples:
  veridian machine --bios fw_jump.bin --kernel vmlinux --initrd initramfs.cpio --append 'console=ttyS0'
  veridian machine --bare ./rv64ui-p-add
  veridian machine --bare ./add-01.elf --signature ./add-01.signature`;

export function addMachine(program: Command, done: (status: number) => void, signal: AbortSignal): void {
  program
    .command('machine')
    .description('run a whole RISC-V computer: firmware and a kernel, or a bare program')
    .option('--bios <file>', 'firmware, entered in machine mode')
    .option('--kernel <file>', 'what the firmware goes on to; without --bios it has the machine itself')
    .option('--initrd <file>', 'initial RAM disk')
    .option('--append <text>', "the kernel's command line", '')
    .option('--drive <file[,readonly]>', 'a virtio disk: a raw image (repeatable)', collect, [])
    .option('--share <folder[:tag][,ro]>', 'a folder of the host, over virtio 9P (repeatable)', collect, [])
    .option('--net <none|user|user,host>', 'a network card; host: with the loopback of the host as 10.0.2.2', 'none')
    .option(
      '--forward <host:guest>',
      "a TCP port of the host's loopback that leads to the guest's (repeatable)",
      collect,
      [],
    )
    .option('--seed <n>', "seed of the guest's entropy, or host for the host's own", '1')
    .option('--time <virtual|paced>', 'waiting costs no host time, or it does (default at a terminal)')
    .option('--clock', 'the real-time clock tells the time of day (default at a terminal)')
    .option('--no-reboot', 'a reset ends the command')
    .option('--bare <elf>', 'run this program alone, from machine mode up')
    .option('--signature <file>', 'write what lies between begin_signature and end_signature')
    .option('--signature-granularity <bytes>', '1, 2, 4, 8 or 16 bytes in each line', '4')
    .option('--memory <size>', 'RAM', '256M')
    .option('--max-instructions <n>', 'stop after this many instructions')
    .option('--timeout <seconds>', 'stop after this many seconds of host time')
    .option('--stats', 'print instructions, times and rate at the end')
    .addHelpText('after', HELP)
    .allowExcessArguments(false)
    .action(async (flags: MachineFlags) => done(await runMachine(flags, signal)));
}

function limitsOf(flags: MachineFlags): MachineLimits {
  const { maxInstructions, timeout } = flags;
  return {
    memoryBytes: parseSize('--memory', flags.memory),
    instructions: maxInstructions === undefined ? Infinity : parsePositive('--max-instructions', maxInstructions),
    timeoutMs: timeout === undefined ? Infinity : parsePositive('--timeout', timeout) * 1000,
    stats: flags.stats === true,
  };
}

function parseForward(text: string): { host: number; guest: number } {
  const [host, guest] = (/^(\d+):(\d+)$/.exec(text) ?? []).slice(1).map(Number);
  const isPort = (port: number | undefined): boolean => port !== undefined && port >= 1 && port <= 65535;
  if (isPort(host) && isPort(guest)) return { host, guest };
  throw new UsageError(`--forward: expected HOSTPORT:GUESTPORT, each 1 .. 65535, got '${text}'`);
}

/** @throws UsageError where two have one tag */
function checkTags(shares: readonly { readonly tag: string }[]): void {
  const tags = shares.map(({ tag }) => tag);
  const twice = tags.find((tag, i) => tags.indexOf(tag) !== i);
  if (twice !== undefined) {
    throw new UsageError(`--share: expected a tag of its own for each folder (FOLDER:TAG), got '${twice}' twice`);
  }
}

/** What only this command needs (device models, sockets) is loaded when it runs: `veridian run` starts without. */
async function runMachine(flags: MachineFlags, signal: AbortSignal): Promise<number> {
  const limits = limitsOf(flags);
  const { bare, bios, kernel, initrd, signature, append } = flags;
  if (bare === undefined) {
    if (bios === undefined && kernel === undefined) {
      throw new UsageError('machine: expected --bios, --kernel or --bare, got none of them');
    }
    if (flags.forward.length > 0 && flags.net === 'none') throw new UsageError('--forward: expected beside --net user');
    if (signature !== undefined) throw new UsageError('--signature: expected beside --bare only');
    const { parseShare } = await import('../machine/shared-folder.js');
    const shares = flags.share.map(parseShare);
    checkTags(shares);
    const { runSystem } = await import('../machine/system.js');
    return runSystem({
      bios,
      kernel,
      initrd,
      commandLine: append,
      drives: flags.drive,
      shares,
      net: parseChoice('--net', flags.net, NETS),
      forwards: flags.forward.map(parseForward),
      ...hostOf(flags),
      limits,
      signal,
    });
  }
  if (bios ?? kernel ?? initrd) throw new UsageError('--bare: expected without --bios, --kernel and --initrd');
  const granularity = Number(
    parseChoice('--signature-granularity', flags.signatureGranularity, ['1', '2', '4', '8', '16']),
  );
  const { runBare } = await import('../machine/bare.js');
  return runBare({ file: bare, signature, granularity, limits, signal });
}

/** What the machine has of its host: time and entropy. */
function hostOf(flags: MachineFlags): Pick<SystemOptions, 'seed' | 'paced' | 'epochNs' | 'endsAtReset'> {
  const interactive = isInteractive();
  const time = flags.time === undefined ? undefined : parseChoice('--time', flags.time, TIMES);
  return {
    seed: flags.seed === 'host' ? 'host' : parseWhole('--seed', flags.seed, 0),
    paced: time === undefined ? interactive : time === 'paced',
    epochNs: flags.clock === true || interactive ? BigInt(Date.now()) * 1_000_000n : 0n,
    endsAtReset: !flags.reboot,
  };
}

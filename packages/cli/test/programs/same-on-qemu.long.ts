/**
 * The emulated machine and QEMU are one machine to a riscv64 program: the same system calls with the same arguments and
 * results in the same order, and the same bytes in all of its memory when it ends.
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Nanoseconds } from '@veridian-os/abi';
import type { Machine } from '@veridian-os/hal';
import { override } from '@veridian-os/hal/testing';
import { createKernel, writeFile, type BootedKernel } from '@veridian-os/kernel';
import { runProgram } from '@veridian-os/kernel/testing';
import { linux } from '@veridian-os/linux';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { QemuMachine } from '@veridian-os/machine-qemu';
import { needs } from '../../../../tools/require-tool.js';
import { guestBytes, guestRuns, guestsBuilt, type GuestRun } from './support.js';

const MEMORY = 128 << 20;
const PAGE = 4096;
const TIME_LIMIT_MS = 60_000;

/** Runs whose calls depend on when something else happens: other threads or processes, timers, the clock. */
const TIMED = new Set(
  [
    'vdso-signals vdso clock-order clock-loop clock cpu-time timers timerfd alarm deaths-alarm epoll fork-storm fork-memory futex futex-operations job-control',
    'limits locks mutex-cond pidfd pipes poll-select robust signal-arithmetic signal-kill-process signal-restart',
    'signal-threads signal-mask signalfd socketpair spawn subreaper thread-exit thread-storm thread-tools wait',
    'exec-chain exec-big interpreter contexts many-cpus other-calls affinity go-threads',
    'identity devices', // /proc shows how much time was used
  ]
    .join(' ')
    .split(' '),
);

interface Witness {
  readonly outcome: string;
  readonly trace: readonly string[];
  /** Of every process, when it ends: mapping to checksum. */
  readonly memory: readonly string[];
}

/** Checksums of everything that the running process has mapped and may read. */
function memoryOf(kernel: BootedKernel): string[] {
  const space = kernel.running?.process.memory?.space;
  if (space === undefined) return [];
  return space.mappings().map(({ start, end, prot, label }) => {
    const hash = createHash('sha256');
    const page = new Uint8Array(PAGE);
    for (let at = start; at < end; at += PAGE) if (space.read(at, page) === 0) hash.update(page);
    const range = `${start.toString(16)}-${end.toString(16)}`;
    return `${range} ${prot} ${label} ${hash.digest('hex').slice(0, 16)}`;
  });
}

/** Time stands still, so that time stamps are the same whatever the machine's speed. */
const withoutTime = (machine: Machine): Machine =>
  override(machine, {
    clock: {
      virtual: true,
      now: () => 0 as Nanoseconds,
      setDeadline: () => undefined,
      advance: () => undefined,
    },
  });

async function witness(machine: Machine, { guest, args }: GuestRun): Promise<Witness> {
  const trace: string[] = [];
  const memory: string[] = [];
  const onCall = (line: string): void => {
    trace.push(line);
    if (line.includes('exit_group(')) memory.push(...memoryOf(kernel));
  };
  const kernel = createKernel({
    machine: withoutTime(machine),
    personalities: [linux()],
    verbose: false,
    trace: onCall,
  });
  try {
    writeFile(kernel, `/bin/${guest}`, guestBytes(guest), 0o755);
    const env = [`SELF=/bin/${guest}`, 'TZ=UTC', 'LC_ALL=C'];
    const { status, stdout } = await runProgram(kernel, { program: `/bin/${guest}`, args, env, cwd: '/tmp' });
    return { outcome: `${status} ${stdout}`, trace, memory };
  } finally {
    machine.dispose();
  }
}

const describeHere = needs('qemu-system-riscv64') && guestsBuilt() ? describe : describe.skip;

describeHere('the same on the emulated machine and on qemu-riscv64', () => {
  const runs = guestRuns().filter(({ name, guest, missing }) => {
    return missing === undefined && !TIMED.has(name) && !TIMED.has(guest);
  });

  it('is looked at for many programs', () => expect(runs.length).toBeGreaterThan(40));

  it.each(runs)(
    '$name',
    async (run) => {
      const ours = await witness(EmulatedMachine.create({ memoryBytes: MEMORY }), run);
      const qemu = await witness(QemuMachine.create({ isa: 'riscv64', memoryBytes: MEMORY }), run);
      expect(ours.trace.length).toBeGreaterThan(0);
      expect(qemu).toEqual(ours);
    },
    TIME_LIMIT_MS,
  );
});

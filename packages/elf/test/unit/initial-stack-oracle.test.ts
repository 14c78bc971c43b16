/**
 * The stack of a real process, built by the host's Linux, against ours: strings, pointers, vector, order.
 *
 * Needs Linux on a little-endian 64-bit host and /proc/PID/mem of a child; elsewhere the case is reported as skipped.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync, readlinkSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import * as elf from '@veridian-os/elf';
import { parseInitialStack } from '@veridian-os/elf/testing';

/** A shell that waits for a line: its further arguments are free. */
const ARGUMENTS = ['-c', 'read line', 'name', '', 'ü', 'x'.repeat(77)];
const ENVIRONMENT = { HOME: '/', LONG: 'y'.repeat(300), EMPTY: '' };
const supported = process.platform === 'linux' && ['x64', 'arm64', 'riscv64'].includes(process.arch);

/** The stack of a process from its first stack pointer to the end of the mapping. */
function readStack(pid: number): { bytes: Uint8Array; stackPointer: number; top: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const stackPointer = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[25]);
  const line = readFileSync(`/proc/${pid}/maps`, 'latin1')
    .split('\n')
    .find((entry) => entry.endsWith('[stack]'))!;
  const top = Number.parseInt(line.split(/[- ]/)[1], 16);
  const bytes = new Uint8Array(top - stackPointer);
  const file = openSync(`/proc/${pid}/mem`, 'r');
  const count = readSync(file, bytes, 0, bytes.length, stackPointer);
  closeSync(file);
  if (count !== bytes.length) throw new Error(`read ${count} of ${bytes.length} stack bytes`);
  return { bytes, stackPointer, top };
}

/** Waits until the child runs its own program instead of a copy of ours. */
async function untilExecuted(child: ChildProcess): Promise<number> {
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  expect(readlinkSync(`/proc/${child.pid}/exe`)).not.toBe(process.execPath);
  return child.pid!;
}

const KNOWN = new Set([3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 23, 25, 26, 31, 33]);

describe('buildInitialStack against the host kernel', () => {
  (supported ? it : it.skip)('rebuilds the stack of a running process', async () => {
    const child = spawn('/bin/sh', ARGUMENTS, {
      env: ENVIRONMENT,
      stdio: ['pipe', 'ignore', 'ignore'],
      argv0: 'my shell',
    });
    try {
      const { bytes, stackPointer, top } = readStack(await untilExecuted(child));
      const parsed = parseInitialStack(bytes, stackPointer);
      const auxv = new Map(parsed.auxv);
      const value = (type: number): number => auxv.get(type) ?? 0;
      const ahead = parsed.auxv.slice(
        0,
        parsed.auxv.findIndex(([type]) => type === elf.AT_HWCAP),
      );
      const built = elf.buildInitialStack({
        top,
        args: parsed.args,
        env: parsed.env,
        execName: parsed.string(value(elf.AT_EXECFN)),
        random16: parsed.bytesAt(value(elf.AT_RANDOM), 16),
        ...(auxv.has(elf.AT_PLATFORM) ? { platform: new TextDecoder().decode(parsed.string(value(15))) } : {}),
        stringAlign: process.arch === 'riscv64' ? 1 : 16,
        auxiliary: {
          programHeaders: value(elf.AT_PHDR),
          programHeaderBytes: value(elf.AT_PHENT),
          programHeaderCount: value(elf.AT_PHNUM),
          base: value(elf.AT_BASE),
          entry: value(elf.AT_ENTRY),
          uid: value(elf.AT_UID),
          euid: value(elf.AT_EUID),
          gid: value(elf.AT_GID),
          egid: value(elf.AT_EGID),
          hwcap: value(elf.AT_HWCAP),
          ...(auxv.has(elf.AT_HWCAP2) ? { hwcap2: value(elf.AT_HWCAP2) } : {}),
          clockTick: value(elf.AT_CLKTCK),
          secure: value(elf.AT_SECURE) !== 0,
          ...(auxv.has(elf.AT_SYSINFO_EHDR) ? { vdso: value(elf.AT_SYSINFO_EHDR) } : {}),
          extra: ahead.filter(([type]) => type !== elf.AT_SYSINFO_EHDR),
        },
      });
      if (typeof built === 'number') throw new Error(`errno ${built}`);
      const ours = parseInitialStack(built.bytes, built.stackPointer);
      // What newer kernels append (AT_HWCAP3, AT_RSEQ_*) and the kernel's random shift under the strings are not ours.
      expect(ours.auxv.map(([type]) => type)).toEqual(
        parsed.auxv.map(([type]) => type).filter((type) => KNOWN.has(type) || ahead.some(([other]) => other === type)),
      );
      expect(ours.args.map(String)).toEqual(parsed.args.map(String));
      expect(ours.firstArgument).toBe(parsed.firstArgument);
      expect(ours.firstVariable).toBe(parsed.firstVariable);
      expect(built.bytes.subarray(ours.firstArgument - built.stackPointer)).toEqual(
        bytes.subarray(parsed.firstArgument - stackPointer),
      );
      const moved = new Set([elf.AT_RANDOM, elf.AT_PLATFORM]);
      for (const [type, mine] of ours.auxv) if (!moved.has(type)) expect([type, mine]).toEqual([type, value(type)]);
      if (auxv.has(elf.AT_PLATFORM)) {
        const mine = new Map(ours.auxv);
        expect(mine.get(elf.AT_PLATFORM)! - mine.get(elf.AT_RANDOM)!).toBe(
          value(elf.AT_PLATFORM) - value(elf.AT_RANDOM),
        );
      }
    } finally {
      child.kill('SIGKILL');
    }
  });
});

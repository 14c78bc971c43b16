/** `veridian machine` as a user types it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { needs } from '../../../../tools/require-tool.js';
import { FIRMWARE, hasFirmware } from '../../../machine-emulated/test/helpers/firmware-files.js';
import { Assembler, REG } from '@veridian-os/machine-emulated/testing';
import { COMPILER, compileBare } from '../../../machine-emulated/test/helpers/compile.js';

const START = resolve(__dirname, '../../../../tools/start.mjs');
const scratch = mkdtempSync(join(tmpdir(), 'veridian-machine-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function machine(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const command = [START, 'machine', ...args];
  return spawnSync(process.execPath, command, { input: 'A', encoding: 'utf8', cwd: scratch, timeout: 50_000 });
}

const describeCompiled = needs(COMPILER) ? describe : describe.skip;

describeCompiled('veridian machine --bare', () => {
  const file = (name: string, defines?: Record<string, number>): string => {
    const path = join(scratch, name);
    writeFileSync(path, compileBare(name, defines));
    return path;
  };

  it('connects HTIF to the standard streams and returns the status', () => {
    const got = machine('--bare', file('console'));
    expect(got).toMatchObject({ status: 11, stdout: 'one two \nA' });
    expect(got.stderr).toMatch(/failed with status 11/);
  });

  it('writes the signature', () => {
    expect(machine('--bare', file('signature'), '--signature', 'out')).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(join(scratch, 'out'), 'utf8')).toBe('89abcdef\nffffffff\n00c0ffee\n89abcdef\n0000007b\n');
  });

  it('stops at --max-instructions with 137', () => {
    const got = machine('--bare', file('console'), '--max-instructions', '1000');
    expect(got).toMatchObject({ status: 137, stdout: 'one two \n' });
    expect(got.stderr).toMatch(/--max-instructions/);
  });
});

const describeFirmware = hasFirmware() ? describe : describe.skip;

describeFirmware('veridian machine --bios', () => {
  /** Calls the firmware with these registers: a7 and a6 name the function. */
  const kernel = (name: string, a7: number, a6: number, a0: number): string => {
    const a = new Assembler(0x8020_0000).li(REG.a7, a7).li(REG.a6, a6).li(REG.a0, a0).li(REG.a1, 0).op('ecall');
    writeFileSync(join(scratch, name), a.finish());
    return name;
  };
  const SYSTEM_RESET = 0x53525354;

  it('ends with 0 when the guest powers off, and with --no-reboot when it resets', () => {
    const off = machine('--bios', FIRMWARE.dynamic, '--kernel', kernel('off', SYSTEM_RESET, 0, 0));
    expect(off).toMatchObject({ status: 0, stderr: '' });
    expect(off.stdout).toMatch(/OpenSBI v/);
    const reset = kernel('reset', SYSTEM_RESET, 0, 1);
    const once = machine('--bios', FIRMWARE.dynamic, '--kernel', reset, '--no-reboot');
    expect(once).toMatchObject({ status: 0 });
    expect(once.stdout.match(/OpenSBI v/g)).toHaveLength(1);
    const again = machine('--bios', FIRMWARE.dynamic, '--kernel', reset, '--max-instructions', '6e7');
    expect(again).toMatchObject({ status: 137 });
    expect(again.stdout.match(/OpenSBI v/g)!.length).toBeGreaterThan(1);
  });

  it('refuses a disk and firmware that are not there', () => {
    expect(machine('--bios', 'absent')).toMatchObject({ status: 127 });
    expect(machine('--bios', FIRMWARE.dynamic, '--drive', 'absent')).toMatchObject({ status: 127 });
  });
});

describe('veridian machine', () => {
  it('names what is wrong with its files and options', () => {
    expect(machine('--bare', 'absent')).toMatchObject({ status: 127 });
    writeFileSync(join(scratch, 'text'), 'no ELF\n');
    const got = machine('--bare', 'text');
    expect(got).toMatchObject({ status: 126, stdout: '' });
    expect(got.stderr).toMatch(/--bare text: ELF: expected the magic/);
    expect(machine()).toMatchObject({ status: 2 });
    expect(machine('--bare', 'text', '--signature-granularity', '5')).toMatchObject({ status: 2 });
  });
});

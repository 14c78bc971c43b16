/** Debian's kernel under OpenSBI to a shell of busybox, and a session there with a disk. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { MemoryBlock, VirtioBlk, VirtioRng } from '@veridian-os/devices';
import { needs } from '../../../../tools/require-tool.js';
import { FIRMWARE, hasLinux, linuxFiles } from '../helpers/firmware-files.js';
import { Session } from '../helpers/session.js';

/** The shell asks the terminal where its cursor is. */
const PROMPT = new RegExp(`veridian# ${String.fromCharCode(27)}\\[6n`);
const MEGABYTE = 1 << 20;
const MKFS = 'mkfs.ext4';

function fileSystem(): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'veridian-disk-'));
  try {
    const path = join(folder, 'disk');
    writeFileSync(path, new Uint8Array(16 * MEGABYTE));
    execFileSync(MKFS, ['-q', '-F', path]);
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const describeLinux = hasLinux() && needs(MKFS) ? describe : describe.skip;

describeLinux('Linux', () => {
  it('boots to a shell, uses timers, a disk and entropy, and powers off', () => {
    const disk = fileSystem();
    const { kernel, initrd } = linuxFiles('virtio_mmio', 'virtio_blk', 'crc32c_generic', 'ext4', 'virtio_rng');
    const bios = readFileSync(FIRMWARE.dynamic);
    const virtio = [new VirtioBlk(new MemoryBlock(disk)), new VirtioRng((target) => target.fill(0x5a))];
    const images = { bios, kernel, initrd, commandLine: 'console=ttyS0 quiet' };
    const session = new Session(images, { memoryBytes: 192 * MEGABYTE, virtio });
    session.until(PROMPT, 3e9);
    const sh = (line: string): string => session.command(line, PROMPT).replaceAll('\r', '');
    sh('stty cols 300'); // or the shell's echo wraps
    expect(sh('uname -sm; cat /proc/cmdline')).toBe('Linux riscv64\nconsole=ttyS0 quiet\n');
    expect(sh('grep -c ^processor /proc/cpuinfo; grep mmu /proc/cpuinfo')).toMatch(/^1\nmmu\s+: sv57\n$/);
    expect(sh('a=$(date +%s); sleep 3; echo $(($(date +%s) - a >= 3))')).toBe('1\n');
    expect(sh('od -A n -N 4 -t x1 /dev/hwrng')).toBe(' 5a 5a 5a 5a\n');
    expect(sh('mount -t ext4 /dev/vda /mnt && seq 1 20000 > /mnt/numbers && sync && echo good')).toBe('good\n');
    const sum = sh('umount /mnt; mount -t ext4 -o ro /dev/vda /mnt; md5sum < /mnt/numbers; umount /mnt');
    expect(sum).toBe(`${execFileSync('sh', ['-c', 'seq 1 20000 | md5sum'], { encoding: 'utf8' })}`);
    expect(sh('dmesg | grep -ciE "oops|panic|bug:|unhandled|segfault"')).toBe('0\n');
    session.machine.receive(new TextEncoder().encode('poweroff -f\n'));
    expect(session.untilStopped()).toBe('poweroff');
    process.stdout.write(`Linux: ${(session.instructions / 1e6).toFixed(0)} million instructions\n`);
  }, 300_000);
});

/** Debian's kernel under OpenSBI to a shell of busybox, and sessions there with every virtio device. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import {
  MemoryBlock,
  MemoryTree,
  UserNetwork,
  Virtio9p,
  VirtioBlk,
  VirtioNet,
  VirtioRng,
  type MemoryNode,
} from '@veridian-os/devices';
import { needs } from '../../../../tools/require-tool.js';
import { FIRMWARE, hasLinux, linuxFiles } from '../helpers/firmware-files.js';
import { EchoSockets } from '../helpers/echo-sockets.js';
import { Session } from '../helpers/session.js';

/** The shell asks the terminal where its cursor is. */
const PROMPT = new RegExp(`veridian# ${String.fromCharCode(27)}\\[6n`);
const MEGABYTE = 1 << 20;
const MAC = Uint8Array.of(0x52, 0x54, 0, 0x12, 0x34, 0x56);
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

const MODULES = [
  'virtio_mmio',
  'virtio_blk',
  'crc32c_generic',
  'ext4',
  'virtio_rng',
  'virtio_net',
  '9pnet_virtio',
  '9p',
];
/** What a DHCP client runs when it has an address. */
const ON_LEASE =
  '[ "$1" = bound ] && ifconfig eth0 $ip netmask $subnet && route add default gw $router && echo nameserver $dns > /etc/resolv.conf';

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

describeLinux('Linux', () => {
  it('boots to a shell, uses timers, a disk, entropy, a network and 9P, and powers off', () => {
    const disk = fileSystem();
    const { kernel, initrd } = linuxFiles(...MODULES);
    const file = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) & 255);
    const sockets = new EchoSockets(file);
    const card: VirtioNet = new VirtioNet(MAC, (frame) => network.receive(frame));
    const now = (): number => session.machine.clock.now() / 1e6;
    const network = new UserNetwork((frame) => void card.receive(frame), sockets, now);
    const tree = new MemoryTree();
    const bios = readFileSync(FIRMWARE.dynamic);
    const virtio = [
      new VirtioBlk(new MemoryBlock(disk)),
      new VirtioRng((target) => target.fill(0x5a)),
      card,
      new Virtio9p(tree, 'host'),
    ];
    const images = { bios, kernel, initrd, commandLine: 'console=ttyS0 quiet' };
    const session: Session = new Session(images, { memoryBytes: 192 * MEGABYTE, virtio });
    session.between = () => {
      sockets.turn();
      network.tick();
    };
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
    sh(`echo '${ON_LEASE}' > /lease; chmod +x /lease; sed -i '1i#!/bin/sh' /lease; ifconfig eth0 up`);
    expect(sh('udhcpc -n -q -s /lease -i eth0 2>&1 | grep obtained')).toMatch(
      /lease of 10\.0\.2\.15 obtained from 10\.0\.2\.2/,
    );
    expect(sh('ping -c 2 10.0.2.2 | grep received')).toMatch(/^2 packets transmitted, 2 packets received/);
    expect(sh('wget -q -O /file http://example.com/ && md5sum < /file')).toBe(`${md5(file)}  -\n`);
    expect(sh('nc 1.2.3.4 9 < /file')).toBe('300000 bytes\n');
    expect(sh('wget -O - http://1.2.3.4:81/')).toMatch(/Connection refused/);
    sh('mkdir /host; mount -t 9p -o trans=virtio,version=9p2000.L host /host; cd /host');
    expect(sh('mkdir -p a/b; cp /file a/b; ln -s b/file a/link; mv a/b a/c; md5sum < a/c/file')).toBe(
      `${md5(file)}  -\n`,
    );
    expect(sh('for i in $(seq 200); do echo $i > $i; done; ls | wc -l; rm [0-9]*; ls -l a; cat a/link')).toMatch(
      /^201\n[^]*drwxr-xr-x[^]* c\n[^]*link -> b\/file\ncat: can't open 'a\/link': No such file or directory\n$/,
    );
    const folder = tree.lookup(tree.lookup(tree.root(), 'a') as MemoryNode, 'c') as MemoryNode;
    const copy = tree.lookup(folder, 'file') as MemoryNode;
    expect(md5(copy.bytes.subarray(0, copy.size))).toBe(md5(file));
    expect(sh('cd /; umount /host && echo gone')).toBe('gone\n');
    expect(sh('dmesg | grep -ciE "oops|panic|bug:|unhandled|segfault"')).toBe('0\n');
    session.machine.receive(new TextEncoder().encode('poweroff -f\n'));
    expect(session.untilStopped()).toBe('poweroff');
    process.stdout.write(`Linux: ${(session.instructions / 1e6).toFixed(0)} million instructions\n`);
  }, 300_000);
});

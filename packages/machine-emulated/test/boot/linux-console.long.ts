/** Debian's kernel with its console on a virtio device: what is said and typed goes through virtqueues alone. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { VirtioConsole, VirtioRng } from '@veridian-os/devices';
import { FIRMWARE, hasLinux, linuxFiles } from '../helpers/firmware-files.js';
import { Session } from '../helpers/session.js';

/** The shell asks the terminal where its cursor is. */
const PROMPT = new RegExp(`veridian# ${String.fromCharCode(27)}\\[6n`);
const MEGABYTE = 1 << 20;
const LINES = 1000;

const describeLinux = hasLinux() ? describe : describe.skip;

describeLinux('Linux on a virtio console', () => {
  it('boots to a shell there, takes long input and says much, learns its size, and powers off', () => {
    const { kernel, initrd } = linuxFiles('virtio_mmio', 'virtio_rng');
    const terminal: VirtioConsole = new VirtioConsole((bytes) => session.hear(bytes), 300, 50);
    const entropy = new VirtioRng((target) => target.fill(0x5a));
    const images = { bios: readFileSync(FIRMWARE.dynamic), kernel, initrd, commandLine: 'console=hvc0 quiet' };
    const session: Session = new Session(images, { memoryBytes: 192 * MEGABYTE, virtio: [terminal, entropy] });
    session.type = (bytes) => terminal.receive(bytes);
    session.until(PROMPT, 3e9);
    const sh = (line: string): string => session.command(line, PROMPT).replaceAll('\r', '');
    expect(sh('cat /proc/consoles | cut -d " " -f 1; tty')).toBe('hvc0\n/dev/console\n');
    expect(sh('stty size')).toBe('50 300\n');
    terminal.resize(200, 40);
    expect(sh('stty size')).toBe('40 200\n');
    // More than the queue's buffers hold: the rest waits in the device.
    expect(sh(`seq 1 ${LINES}`)).toBe(`${Array.from({ length: LINES }, (_, i) => `${i + 1}\n`).join('')}`);
    const word = 'x'.repeat(150);
    session.type(new TextEncoder().encode(`cat > /tmp/typed\n${`${word}\n`.repeat(100)}\u0004`));
    session.until(PROMPT);
    expect(sh('wc -c < /tmp/typed')).toBe(`${100 * (word.length + 1)}\n`);
    expect(sh('od -A n -N 4 -t x1 /dev/hwrng')).toBe(' 5a 5a 5a 5a\n');
    expect(terminal.waiting).toBe(0);
    session.type(new TextEncoder().encode('poweroff -f\n'));
    expect(session.untilStopped()).toBe('poweroff');
    process.stdout.write(`Linux: ${(session.instructions / 1e6).toFixed(0)} million instructions\n`);
  }, 300_000);
});

/** Debian's OpenSBI and U-Boot, unchanged, to U-Boot's prompt. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { MemoryBlock, VirtioBlk } from '@veridian-os/devices';
import { FIRMWARE, hasFirmware } from '../helpers/firmware-files.js';
import { Session } from '../helpers/session.js';

const PROMPT = /\n=> $/;
const memoryBytes = 128 << 20;

/** @returns the session at the prompt, before the countdown has ended */
function toPrompt(session: Session): Session {
  session.until(/Hit any key to stop autoboot/);
  session.machine.receive(Uint8Array.of(0x20));
  session.until(PROMPT);
  return session;
}

const describeFirmware = hasFirmware() ? describe : describe.skip;

describeFirmware('OpenSBI and U-Boot', () => {
  it.each([
    ['fw_dynamic and U-Boot', FIRMWARE.dynamic, FIRMWARE.uBootSupervisor],
    ["fw_jump's and U-Boot's ELF files", FIRMWARE.jump, FIRMWARE.uBootSupervisorElf],
  ])('%s come to the prompt, read a disk, and power off', (_, bios, kernel) => {
    const disk = new Uint8Array(1 << 20).map((_byte, i) => (i * 7) & 255);
    const virtio = [new VirtioBlk(new MemoryBlock(disk))];
    const images = { bios: readFileSync(bios), kernel: readFileSync(kernel) };
    const session = toPrompt(new Session(images, { memoryBytes, virtio }));
    expect(session.text).toMatch(/OpenSBI v\d/);
    expect(session.text).toMatch(/Domain0 Next Address *: 0x0000000080200000/);
    expect(session.text).toMatch(/Boot HART PMP Count *: 16/);
    expect(session.text).toMatch(/DRAM: +128 MiB/);
    session.command('virtio scan', PROMPT);
    expect(session.command('virtio read 81000000 3 1', PROMPT)).toMatch(/1 blocks read: OK/);
    expect(session.command('md.b 81000000 8', PROMPT)).toMatch(/81000000: 00 07 0e 15 1c 23 2a 31/);
    session.machine.receive(new TextEncoder().encode('poweroff\n'));
    expect(session.untilStopped()).toBe('poweroff');
  });

  it('U-Boot runs in machine mode as firmware, and resets', () => {
    const session = toPrompt(new Session({ bios: readFileSync(FIRMWARE.uBootMachine) }, { memoryBytes }));
    expect(session.command('fdt addr $fdtcontroladdr', PROMPT)).toMatch(/Working FDT set to/);
    expect(session.command('fdt print /soc/serial@10000000 compatible', PROMPT)).toMatch(/ns16550a/);
    session.machine.receive(new TextEncoder().encode('reset\n'));
    expect(session.untilStopped()).toBe('reset');
  });
});

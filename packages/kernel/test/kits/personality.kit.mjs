/** The personality kit on the built Linux personality: run under vitest, node:test and in the browser. */
import { buildElf } from '@veridian-os/elf/testing';
import { createKernel } from '@veridian-os/kernel';
import { personalityKit } from '@veridian-os/kernel/testing';
import { linux } from '@veridian-os/linux';
import { EmulatedMachine } from '@veridian-os/machine-emulated';

const CODE = 0x10000;
/** What the programs below read first; a buffer follows at DATA + 512. */
const DATA = 0x20000;
const DATA_BYTES = 1024;

/** RV64I, little endian; `lui a1, 0x20` is DATA. */
const EXITS = [0x000205b7, 0x0005c503, 0x05e00893, 0x00000073]; // lbu a0, DATA; li a7, 94; ecall
const SPINS = [0x0000006f]; // j .
const FAULTS = [0x00003503]; // ld a0, 0(zero)
const ILLEGAL = [0];
const COPIES = [
  ...[0x00000513, 0x000205b7, 0x20000613, 0x03f00893, 0x00000073], // again: read(0, DATA, 512)
  ...[0x00a05e63, 0x00050613, 0x00100513, 0x000205b7, 0x04000893, 0x00000073], // blez a0, end; write(1, DATA, a0)
  0xfd5ff06f, // j again
  ...[0x40a00533, 0x05e00893, 0x00000073], // end: exit_group(-a0)
];
const SHOWS = [
  ...[0xf9c00513, 0x000205b7, 0x00000613, 0x00000693, 0x03800893, 0x00000073], // openat(AT_FDCWD, DATA, 0, 0)
  ...[0x04054063, 0x00050413], // bltz a0, end; mv s0, a0
  ...[0x00040513, 0x000205b7, 0x20058593, 0x20000613, 0x03f00893, 0x00000073], // again: read(s0, DATA + 512, 512)
  ...[0x02a05063, 0x00050613, 0x00100513, 0x000205b7, 0x20058593, 0x04000893, 0x00000073], // blez a0, end; write(1, ...)
  0xfcdff06f, // j again
  ...[0x40a00533, 0x05e00893, 0x00000073], // end: exit_group(-a0)
];

function program(words, data = new Uint8Array(0)) {
  return buildElf({
    entry: CODE,
    segments: [
      { virtualAddress: CODE, bytes: new Uint8Array(Uint32Array.from(words).buffer), prot: 5 },
      { virtualAddress: DATA, bytes: data, memoryBytes: DATA_BYTES, prot: 3 },
    ],
  });
}

const fixture = () => ({
  programs: {
    exits: (status) => program(EXITS, Uint8Array.of(status)),
    spins: () => program(SPINS),
    faults: () => program(FAULTS),
    illegal: () => program(ILLEGAL),
    copies: () => program(COPIES),
    shows: (path) => program(SHOWS, new TextEncoder().encode(`${path}\0`)),
  },
  boot(limits = {}) {
    const machine = EmulatedMachine.create({ memoryBytes: 16 << 20 });
    return createKernel({ machine, personalities: [linux()], verbose: false, limits });
  },
});

export default function run(runner) {
  personalityKit(runner, fixture);
}

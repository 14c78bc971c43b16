/** What execve costs before the first page is mapped: headers of an executable, and its initial stack. */
import { suite } from '../../../tools/bench.mjs';
import { buildInitialStack, parseElfHeaders, parseShebang } from '@veridian-os/elf';
import { buildElf } from '@veridian-os/elf/testing';

const code = new Uint8Array(256);
const file = buildElf({
  entry: 0x11000,
  headersAt: 0x10000,
  executableStack: false,
  segments: [
    { virtualAddress: 0x11000, bytes: code, prot: 5 },
    { virtualAddress: 0x12000, bytes: code, prot: 1 },
    { virtualAddress: 0x13000, bytes: code, memoryBytes: 65536, prot: 3 },
  ],
});
const pieces = [{ offset: 0, bytes: file.subarray(0, 4096) }];
const script = new TextEncoder().encode('#!/usr/bin/env node\nconsole.log(1)\n'.padEnd(256));
const env = Array.from({ length: 24 }, (_, i) => `VARIABLE_${i}=${'x'.repeat(30)}`);
const input = {
  top: 0x3ffffff000,
  args: ['ls', '-l', '/usr/share'],
  env,
  execName: '/bin/ls',
  random16: new Uint8Array(16),
  auxiliary: {
    programHeaders: 0x10040,
    programHeaderBytes: 56,
    programHeaderCount: 5,
    base: 0,
    entry: 0x11000,
    uid: 0,
    euid: 0,
    gid: 0,
    egid: 0,
    hwcap: 0x112d,
    clockTick: 100,
    secure: false,
  },
};

const CALLS = 100;
const times = (action) => () => {
  for (let i = 0; i < CALLS; i++) action();
};

await suite(async ({ bench }) => {
  await bench({
    case: 'ELF headers, 4 segments, from the first page',
    ours: times(() => parseElfHeaders(pieces, file.length)),
    opsPerCall: CALLS,
  });
  await bench({
    case: 'initial stack, 3 arguments, 24 variables',
    ours: times(() => buildInitialStack(input)),
    opsPerCall: CALLS,
  });
  await bench({ case: '#! line', ours: times(() => parseShebang(script)), opsPerCall: CALLS });
});

/**
 * What each ISA's C compiler says about Linux's structures (fixtures/layouts.c), against what the personality encodes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { FileStat } from '@veridian-os/abi';
import { LINUX_ISAS } from '../../src/isa/isas.js';
import { SA_RESTORER, decodeSigaction, sigactionBytes } from '../../src/layout/signal.js';
import { STATFS_BYTES } from '../../src/layout/statfs.js';
import { SIGINFO_BYTES } from '../../src/layout/siginfo.js';
import { getSignedWide } from '../../src/layout/words.js';
import * as f from '../../src/uapi/fcntl.js';

const FIXTURE = JSON.parse(readFileSync(join(__dirname, '../fixtures/layouts.json'), 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, number>>>
>;

const STAT: FileStat = {
  dev: 0x803,
  ino: 2 ** 40 + 7,
  mode: 0o100644,
  nlink: 3,
  uid: 1000,
  gid: 100,
  rdev: 0x105,
  size: 2 ** 33 + 5,
  blockSize: 4096,
  blocks: 2 ** 34,
  atimeSec: 1_700_000_001,
  atimeNsec: 1,
  mtimeSec: -2,
  mtimeNsec: 999_999_999,
  ctimeSec: 1_700_000_003,
  ctimeNsec: 3,
};

describe.each(LINUX_ISAS.map((isa) => [isa.isa, isa] as const))('structures of %s', (name, isa) => {
  const c = FIXTURE[name];

  it('has struct stat as C has it', () => {
    expect(isa.stat.bytes).toBe(c['sizeof(stat)']);
    const view = new DataView(new Uint8Array(200).fill(0xa5).buffer);
    isa.stat.encode(view, STAT);
    const wide = ['dev', 'ino', 'rdev', 'size', 'blocks'] as const;
    for (const field of wide) expect([field, getSignedWide(view, c[`stat.st_${field}`])]).toEqual([field, STAT[field]]);
    for (const field of ['mode', 'uid', 'gid'] as const)
      expect([field, view.getUint32(c[`stat.st_${field}`], true)]).toEqual([field, STAT[field]]);
    const links = c['stat.st_nlink'];
    expect(c['sizeof(stat.st_nlink)'] === 8 ? getSignedWide(view, links) : view.getUint32(links, true)).toBe(3);
    expect(view.getUint32(c['stat.st_blksize'], true)).toBe(4096);
    for (const field of ['atime', 'mtime', 'ctime'] as const) {
      const at = c[`stat.st_${field}`];
      expect([getSignedWide(view, at), getSignedWide(view, at + 8)]).toEqual([
        STAT[`${field}Sec`],
        STAT[`${field}Nsec`],
      ]);
    }
    expect(view.getUint8(isa.stat.bytes - 1)).toBe(0);
    expect(view.getUint8(isa.stat.bytes)).toBe(0xa5);
  });

  it('has struct sigaction as C has it', () => {
    const hasRestorer = isa.restorer !== 'none';
    expect(sigactionBytes(hasRestorer)).toBe(c['sizeof(sigaction)']);
    expect(c.SA_RESTORER).toBe(hasRestorer ? SA_RESTORER : undefined);
    const view = new DataView(new ArrayBuffer(32));
    view.setUint32(c['sigaction.sa_flags'], 1, true);
    view.setUint32(c['sigaction.sa_mask'], 2, true);
    if (hasRestorer) view.setUint32(c['sigaction.sa_restorer'], 3, true);
    const { flags, maskLo, restorerLo } = decodeSigaction(view, hasRestorer);
    expect([flags, maskLo, restorerLo]).toEqual([1, 2, hasRestorer ? 3 : 0]);
  });

  it('has epoll_event, statfs and siginfo as C has them', () => {
    expect(isa.epollEvent).toEqual({ bytes: c['sizeof(epoll_event)'], data: c['epoll_event.data'] });
    expect(STATFS_BYTES).toBe(c['sizeof(statfs)']);
    expect(SIGINFO_BYTES).toBe(c['sizeof(siginfo_t)']);
  });

  it('has the flags of open(2) as C has them', () => {
    const own = (flags: number): number => (isa.swapsOpenFlags ? f.swapOpenFlags(flags) : flags);
    const generic = { O_DIRECT: f.O_DIRECT, O_LARGEFILE: f.O_LARGEFILE, O_TMPFILE: f.O_TMPFILE, O_SYNC: f.O_SYNC };
    const others = { O_DIRECTORY: 0o200000, O_NOFOLLOW: 0o400000, O_PATH: 0o10000000, O_CLOEXEC: 0o2000000 };
    for (const [flag, value] of Object.entries({ ...generic, ...others }))
      expect([flag, own(value)]).toEqual([flag, c[flag]]);
    expect(own(own(0o37777777))).toBe(0o37777777);
  });

  it('has the ucontext in the frame as C has it', () => {
    const { frame } = isa;
    expect(frame.stack - frame.ucontext).toBe(c['ucontext.uc_stack']);
    expect(frame.mask - frame.ucontext).toBe(c['ucontext.uc_sigmask']);
    const both = c['sizeof(ucontext)'] + SIGINFO_BYTES;
    expect(frame.bytes).toBe(name === 'x86_64' ? both + 8 : both);
  });
});

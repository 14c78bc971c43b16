/**
 * Structures of user space. Offsets and sizes are what a riscv64 C compiler gives (offsetof, sizeof), written down here
 * independently of the encoders.
 */
import { describe, expect, it } from '@jest/globals';
import type { FileStat } from '@veridian-os/abi';
import {
  CLD_EXITED,
  SEGV_MAPERR,
  SIGCHLD,
  SIGSEGV,
  SIGUSR1,
  SI_QUEUE,
  SI_TKILL,
  SI_USER,
  defaultSignalAction,
  signalInfo,
} from '@veridian-os/kernel';
import { CLONE_ARGS_BYTES, decodeCloneArgs } from '../../src/layout/clone.js';
import { decodeControl, encodeRights } from '../../src/layout/control-message.js';
import { DIRENT64, DIRENT_OLD } from '../../src/layout/dirent.js';
import { fdSetAdd, fdSetBytes, fdSetHas } from '../../src/layout/poll.js';
import { decodeRobustListHead } from '../../src/layout/robust-list.js';
import { SIGINFO_BYTES, decodeSiginfo, encodeSiginfo } from '../../src/layout/siginfo.js';
import { decodeSigaction, decodeStack, encodeSigaction, encodeStack, sigactionBytes } from '../../src/layout/signal.js';
import { STAT_GENERIC } from '../../src/layout/stat.js';
import { STATFS_BYTES, encodeStatfs } from '../../src/layout/statfs.js';
import { STATX_BYTES, encodeStatx } from '../../src/layout/statx.js';
import * as system from '../../src/layout/system.js';
import * as time from '../../src/layout/time.js';
import { getSignedWide, getWide, setWide } from '../../src/layout/words.js';

/** Memory full of rubbish, longer than the structure. */
const dirty = (bytes: number): DataView => new DataView(new Uint8Array(bytes + 16).fill(0xa5).buffer);
const untouched = (view: DataView, bytes: number): boolean =>
  new Uint8Array(view.buffer, bytes).every((byte) => byte === 0xa5);

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

describe('words', () => {
  it('are little endian, signed in two words', () => {
    const view = dirty(8);
    setWide(view, 0, -2);
    expect([view.getUint32(0, true), view.getUint32(4, true)]).toEqual([0xfffffffe, 0xffffffff]);
    expect(getSignedWide(view, 0)).toBe(-2);
    setWide(view, 0, 2 ** 52 + 1);
    expect(getWide(view, 0)).toBe(2 ** 52 + 1);
  });
});

describe('stat', () => {
  it('is 128 bytes with Linux offsets', () => {
    const view = dirty(128);
    STAT_GENERIC.encode(view, STAT);
    expect(STAT_GENERIC.bytes).toBe(128);
    const wide = Object.entries({ dev: 0, ino: 8, rdev: 32, size: 48, blocks: 64, atimeSec: 72, atimeNsec: 80 });
    const more = Object.entries({ mtimeSec: 88, mtimeNsec: 96, ctimeSec: 104, ctimeNsec: 112 });
    for (const [field, offset] of [...wide, ...more]) {
      expect([field, getSignedWide(view, offset)]).toEqual([field, STAT[field as keyof FileStat]]);
    }
    expect(view.getUint32(16, true)).toBe(STAT.mode);
    expect(view.getUint32(20, true)).toBe(3);
    expect(view.getUint32(24, true)).toBe(1000);
    expect(view.getUint32(28, true)).toBe(100);
    expect(view.getInt32(56, true)).toBe(4096);
    expect(getWide(view, 40)).toBe(0);
    expect(getWide(view, 120)).toBe(0);
    expect(untouched(view, 128)).toBe(true);
  });

  it('is 256 bytes as statx', () => {
    const view = dirty(STATX_BYTES);
    encodeStatx(view, STAT);
    expect(STATX_BYTES).toBe(256);
    expect(view.getUint32(0, true)).toBe(0x7ff);
    expect(view.getUint16(28, true)).toBe(STAT.mode);
    expect(getWide(view, 32)).toBe(STAT.ino);
    expect(getWide(view, 40)).toBe(STAT.size);
    expect([getSignedWide(view, 64), getSignedWide(view, 96), getSignedWide(view, 112)]).toEqual([
      1_700_000_001, 1_700_000_003, -2,
    ]);
    expect(view.getUint32(120, true)).toBe(999_999_999);
    expect([128, 132, 136, 140].map((offset) => view.getUint32(offset, true))).toEqual([1, 5, 8, 3]);
    expect(getWide(view, 80)).toBe(0);
    expect(untouched(view, STATX_BYTES)).toBe(true);
  });

  it('is 120 bytes as statfs', () => {
    const view = dirty(STATFS_BYTES);
    encodeStatfs(view, {
      type: 0x1021994,
      blockSize: 4096,
      blocks: 10,
      blocksFree: 6,
      files: 5,
      filesFree: 4,
      nameMax: 255,
    });
    const words = [0, 8, 16, 24, 32, 40, 48, 56, 64, 72].map((offset) => getWide(view, offset));
    expect(words).toEqual([0x1021994, 4096, 10, 6, 6, 5, 4, 0, 255, 4096]);
    expect(untouched(view, 120)).toBe(true);
  });
});

describe('linux_dirent64', () => {
  it.each([
    ['a', 24],
    ['abcd', 24],
    ['abcde', 32],
    ['abcdefghijkl', 32],
    ['abcdefghijklm', 40],
  ])('takes 19 bytes, the name %j and a NUL, in eights', (name, bytes) => {
    expect(DIRENT64.bytes(name.length)).toBe(bytes);
    const view = dirty(bytes + 8);
    DIRENT64.encode(view, 8, 99, 5, 0o40755, new TextEncoder().encode(name));
    expect([getWide(view, 8), getWide(view, 16), view.getUint16(24, true), view.getUint8(26)]).toEqual([
      99,
      5,
      bytes,
      4,
    ]);
    expect(Buffer.from(view.buffer, 27, name.length + 1).toString()).toBe(`${name}\0`);
    expect(untouched(view, 8 + bytes)).toBe(true);
  });
});

describe('linux_dirent', () => {
  it.each([
    ['a', 24],
    ['abcd', 24],
    ['abcde', 32],
  ])('takes 18 bytes, the name %j, a NUL and the type in the last byte, in eights', (name, bytes) => {
    expect(DIRENT_OLD.bytes(name.length)).toBe(bytes);
    const view = dirty(bytes);
    DIRENT_OLD.encode(view, 0, 99, 5, 0o40755, new TextEncoder().encode(name));
    expect([getWide(view, 0), getWide(view, 8), view.getUint16(16, true)]).toEqual([99, 5, bytes]);
    expect(Buffer.from(view.buffer, 18, name.length + 1).toString()).toBe(`${name}\0`);
    expect(view.getUint8(bytes - 1)).toBe(4);
    expect(untouched(view, bytes)).toBe(true);
  });
});

describe('siginfo', () => {
  const encode = (...args: Parameters<typeof signalInfo>): DataView => {
    const view = dirty(SIGINFO_BYTES);
    encodeSiginfo(view, signalInfo(...args));
    expect(untouched(view, 128)).toBe(true);
    return view;
  };

  it('of kill has pid and uid', () => {
    const view = encode(SIGUSR1, SI_USER, { pid: 7, uid: 8, valueLo: 9 });
    expect([0, 4, 8, 12, 16, 20, 24].map((offset) => view.getInt32(offset, true))).toEqual([10, 0, 0, 0, 7, 8, 0]);
  });

  it('of a child has its status', () => {
    const view = encode(SIGCHLD, CLD_EXITED, { pid: 7, status: 42 });
    expect([view.getInt32(8, true), view.getInt32(16, true), view.getInt32(24, true)]).toEqual([1, 7, 42]);
  });

  it('of a fault has the address', () => {
    const view = encode(SIGSEGV, SEGV_MAPERR, { pid: 7, valueLo: 0x1000, valueHi: 2 });
    expect([view.getUint32(16, true), view.getUint32(20, true)]).toEqual([0x1000, 2]);
  });

  it('of sigqueue comes back as it was', () => {
    const info = signalInfo(34, SI_QUEUE, { pid: 1, uid: 2, valueLo: 3, valueHi: 4 });
    const view = dirty(128);
    encodeSiginfo(view, info);
    expect(decodeSiginfo(view, 34)).toEqual(info);
    expect(getWide(view, 24)).toBe(4 * 2 ** 32 + 3);
  });

  it('of a sent SIGSEGV has no address', () => {
    const view = encode(SIGSEGV, SI_TKILL, { pid: 5, uid: 6 });
    expect([view.getInt32(16, true), view.getInt32(20, true)]).toEqual([5, 6]);
  });
});

describe('signal dispositions and stacks', () => {
  const action = { ...defaultSignalAction(), handlerLo: 0x1234, handlerHi: 1, flags: 0x10000004, maskLo: 5, maskHi: 6 };

  it('have no restorer on riscv64', () => {
    const view = dirty(24);
    encodeSigaction(view, action, false);
    expect(sigactionBytes(false)).toBe(24);
    expect(decodeSigaction(view, false)).toEqual(action);
    expect([getWide(view, 0), getWide(view, 8), view.getUint32(16, true)]).toEqual([2 ** 32 + 0x1234, 0x10000004, 5]);
    expect(untouched(view, 24)).toBe(true);
  });

  it('have one elsewhere', () => {
    const view = dirty(32);
    const restored = { ...action, restorerLo: 7, restorerHi: 8 };
    encodeSigaction(view, restored, true);
    expect(decodeSigaction(view, true)).toEqual(restored);
    expect(view.getUint32(24, true)).toBe(5);
  });

  it('show whether the stack is there and in use', () => {
    const view = dirty(24);
    encodeStack(view, 0, { base: 0x7000, size: 8192, flags: 0 }, true);
    expect(decodeStack(view, 0)).toEqual({ base: 0x7000, size: 8192, flags: 1 });
    encodeStack(view, 0, { base: 0, size: 0, flags: 0 }, false);
    expect(decodeStack(view, 0).flags).toBe(2);
    expect(view.getUint32(12, true)).toBe(0);
    expect(untouched(view, 24)).toBe(true);
  });
});

describe('times', () => {
  it('are seconds and a fraction', () => {
    const view = dirty(16);
    time.encodeTimespec(view, 0, 5_000_000_123);
    expect([getWide(view, 0), getWide(view, 8)]).toEqual([5, 123]);
    expect(time.decodeTimespec(view, 0)).toBe(5_000_000_123);
    time.encodeTimeval(view, 0, 5_000_001_999);
    expect([getWide(view, 0), getWide(view, 8)]).toEqual([5, 1]);
    expect(time.decodeTimeval(view, 0)).toBe(5_000_001_000);
  });

  it.each([
    [-1, 0],
    [0, -1],
    [0, 1_000_000_000],
  ])('refuse %d s %d ns', (seconds, fraction) => {
    const view = dirty(16);
    setWide(view, 0, seconds);
    setWide(view, 8, fraction);
    expect(time.decodeTimespec(view, 0)).toBe(-22);
  });

  it('beyond 2^63 ns never come', () => {
    const view = dirty(16);
    setWide(view, 0, 2 ** 40);
    setWide(view, 8, 0);
    expect(time.decodeTimespec(view, 0)).toBe(Infinity);
  });
});

describe('system structures', () => {
  it('utsname is six strings of 65 bytes, cut to fit', () => {
    const view = dirty(system.UTSNAME_BYTES);
    system.encodeUtsname(view, ['Linux', 'x'.repeat(80), 'r', 'v', 'm', 'd']);
    expect(system.UTSNAME_BYTES).toBe(390);
    const field = (index: number): string =>
      Buffer.from(view.buffer, index * 65, 65)
        .toString()
        .replace(/\0+$/, '');
    expect([0, 1, 2, 3, 4, 5].map(field)).toEqual(['Linux', 'x'.repeat(64), 'r', 'v', 'm', 'd']);
    expect(untouched(view, 390)).toBe(true);
  });

  it('sysinfo, rusage and tms have Linux sizes', () => {
    expect([system.SYSINFO_BYTES, system.RUSAGE_BYTES, system.TMS_BYTES]).toEqual([112, 144, 32]);
    const view = dirty(144);
    const swap = { totalSwap: 2 ** 33, freeSwap: 2 ** 32 };
    system.encodeSysinfo(view, { uptime: 9, totalRam: 2 ** 35, freeRam: 2 ** 34, ...swap, processes: 12 });
    expect([
      getWide(view, 0),
      getWide(view, 32),
      getWide(view, 40),
      getWide(view, 64),
      getWide(view, 72),
      view.getUint16(80, true),
      view.getUint32(104, true),
    ]).toEqual([9, 2 ** 35, 2 ** 34, 2 ** 33, 2 ** 32, 12, 1]);
    system.encodeRusage(view, 2_500_000_000, 77);
    expect([getWide(view, 0), getWide(view, 8), getWide(view, 16), getWide(view, 32)]).toEqual([2, 500_000, 0, 77]);
    system.encodeTms(view, 1_230_000_000, 50_000_000);
    expect([getWide(view, 0), getWide(view, 8), getWide(view, 16)]).toEqual([123, 0, 5]);
  });

  it('limits are unlimited from 2^63 on', () => {
    const view = dirty(16);
    system.encodeLimit(view, 0, Infinity);
    expect([view.getUint32(0, true), view.getUint32(4, true)]).toEqual([0xffffffff, 0xffffffff]);
    expect(system.decodeLimit(view, 0)).toBe(Infinity);
    system.encodeLimit(view, 0, 8 * 2 ** 20);
    expect(system.decodeLimit(view, 0)).toBe(8 * 2 ** 20);
  });
});

describe('descriptor sets', () => {
  it('are bits in 64-bit words', () => {
    expect([0, 1, 64, 65, 1024].map(fdSetBytes)).toEqual([0, 8, 8, 16, 128]);
    const set = new Uint8Array(16);
    for (const fd of [0, 9, 64, 127]) fdSetAdd(set, fd);
    expect([...set]).toEqual([1, 2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x80]);
    expect([0, 1, 9, 64, 127, 126].map((fd) => fdSetHas(set, fd))).toEqual([true, false, true, true, true, false]);
  });
});

describe('clone_args and robust lists', () => {
  it('give the top of the stack', () => {
    const view = new DataView(new ArrayBuffer(CLONE_ARGS_BYTES));
    [0x3d0f00, 0, 0x1008, 0x1004, 17, 0x20000, 0x8000, 0x5000].forEach((value, index) =>
      setWide(view, index * 8, value),
    );
    expect(decodeCloneArgs(view)).toEqual({
      flags: 0x3d0f00,
      pidfd: 0,
      childTid: 0x1008,
      parentTid: 0x1004,
      exitSignal: 17,
      stack: 0x28000,
      stackSize: 0x8000,
      tls: 0x5000,
      setTid: 0,
    });
  });

  it('have a signed futex offset', () => {
    const view = new DataView(new ArrayBuffer(24));
    [0x1000, -32, 0x2000].forEach((value, index) => setWide(view, index * 8, value));
    expect(decodeRobustListHead(view)).toEqual({ first: 0x1000, futexOffset: -32, pending: 0x2000 });
  });
});

describe('control messages', () => {
  const message = (bytes: Uint8Array): DataView => new DataView(bytes.slice().buffer);

  it('carry descriptors both ways', () => {
    const encoded = encodeRights([3, 4, 5]);
    expect(encoded.length).toBe(32);
    expect(getWide(message(encoded), 0)).toBe(28);
    expect(decodeControl(message(encoded))).toEqual([3, 4, 5]);
    expect(encodeRights([]).length).toBe(0);
  });

  it('are refused when their length is wrong or their kind unknown', () => {
    const long = encodeRights([3]);
    long[0] = 200;
    expect(decodeControl(message(long))).toBeUndefined();
    const short = encodeRights([3]);
    short[0] = 8;
    expect(decodeControl(message(short))).toBeUndefined();
    const other = encodeRights([3]);
    other[12] = 9;
    expect(decodeControl(message(other))).toBeUndefined();
  });
});

/** stat: attributes of files. */
import {
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  type FileStat,
} from '@veridian-os/abi';
import { statOf } from '../internal/files.js';
import { modeText } from '../internal/format.js';
import { calendarTime, clockText, dateText } from '../internal/time.js';
import type { Utility } from '../internal/tool.js';

const TYPES: ReadonlyMap<number, string> = new Map([
  [S_IFREG, 'regular file'],
  [S_IFDIR, 'directory'],
  [S_IFLNK, 'symbolic link'],
  [S_IFCHR, 'character device'],
  [S_IFBLK, 'block device'],
  [S_IFIFO, 'fifo'],
  [S_IFSOCK, 'socket'],
]);

export const stat: Utility = {
  name: 'stat',
  summary: 'show the attributes of files',
  usage: '[-L] FILE...',
  options: 'L',
  help: '-L  of what a symbolic link leads to',
  *run(tool) {
    if (tool.operands.length === 0) return yield* tool.usageError('a file is missing');
    let status = 0;
    for (const path of tool.operands) {
      const found = yield* statOf(tool.sys, path, tool.has('L'));
      if (typeof found === 'number') status = yield* tool.complainOf(path, found);
      else {
        const isLink = (found.mode & S_IFMT) === S_IFLNK;
        const target = isLink ? yield* tool.sys.readlink(path) : undefined;
        yield* tool.print(describe(typeof target === 'string' ? `${path} -> ${target}` : path, found));
      }
    }
    return status;
  },
};

function describe(name: string, found: FileStat): string {
  const type = found.mode & S_IFMT;
  const isDevice = type === S_IFCHR || type === S_IFBLK;
  const kind = (TYPES.get(type) ?? 'unknown') + (isDevice ? ` ${found.rdev >> 8},${found.rdev & 0xff}` : '');
  const mode = (found.mode & 0o7777).toString(8).padStart(4, '0');
  return [
    `  File: ${name}`,
    `  Size: ${found.size}  Blocks: ${found.blocks}  IO Block: ${found.blockSize}  ${kind}`,
    `Device: ${found.dev}  Inode: ${found.ino}  Links: ${found.nlink}`,
    `Access: (${mode}/${modeText(found.mode)})  Uid: ${found.uid}  Gid: ${found.gid}`,
    `Access: ${timeText(found.atimeSec, found.atimeNsec)}`,
    `Modify: ${timeText(found.mtimeSec, found.mtimeNsec)}`,
    `Change: ${timeText(found.ctimeSec, found.ctimeNsec)}`,
    '',
  ].join('\n');
}

/** `2026-08-01 09:30:05.000000000 +0000` */
function timeText(seconds: number, nanoseconds: number): string {
  const time = calendarTime(seconds);
  return `${dateText(time)} ${clockText(time)}.${String(nanoseconds).padStart(9, '0')} +0000`;
}

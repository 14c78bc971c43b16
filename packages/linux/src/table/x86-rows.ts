/**
 * Calls that only x86_64 has. Newer ISAs have one more general call for each of these, so most rows are that one's handler
 * with arguments of its own. Source: Linux arch/x86/entry/syscalls/syscall_64.tbl.
 */
import * as attributes from '../calls/attributes.js';
import * as clone from '../calls/clone.js';
import * as descriptors from '../calls/descriptors.js';
import * as directories from '../calls/directories.js';
import * as epoll from '../calls/epoll.js';
import * as events from '../calls/events.js';
import * as fileTimes from '../calls/file-times.js';
import * as identity from '../calls/identity.js';
import * as paths from '../calls/paths.js';
import * as poll from '../calls/poll.js';
import * as select from '../calls/select.js';
import * as signals from '../calls/signals.js';
import * as time from '../calls/time.js';
import { archPrctl } from '../calls/arch-prctl.js';
import { SIGCHLD } from '@veridian-os/kernel';
import { CLONE_VFORK, CLONE_VM } from '../uapi/clone.js';
import { AT_FDCWD, AT_REMOVEDIR, AT_SYMLINK_NOFOLLOW } from '../uapi/fcntl.js';
import { row, type ArgumentSource, type Handler, type Row } from './row.js';

const constant = (value: number): ArgumentSource => ({ constant: value });
const HERE = constant(AT_FDCWD);
const ZERO = constant(0);
/** O_WRONLY | O_CREAT | O_TRUNC */
const CREATE = constant(0o1101);

/** A call of x86_64 that is `handler` with arguments from `sources`. */
function as(name: string, number: number, handler: Handler, sources: readonly ArgumentSource[], trace = ''): Row {
  return { ...row(name, [-1, number], handler, trace), sources };
}

export const X86_ROWS: readonly Row[] = [
  as('open', 2, descriptors.openat, [HERE, 0, 1, 2], 'path open-flags open-mode:1'),
  as('creat', 85, descriptors.openat, [HERE, 0, CREATE, 1], 'path octal'),
  as('stat', 4, attributes.newfstatat, [HERE, 0, 1, ZERO], 'path out-stat'),
  as('lstat', 6, attributes.newfstatat, [HERE, 0, 1, constant(AT_SYMLINK_NOFOLLOW)], 'path out-stat'),
  as('access', 21, attributes.faccessat, [HERE, 0, 1], 'path access'),
  as('chmod', 90, attributes.fchmodat, [HERE, 0, 1], 'path octal'),
  as('chown', 92, attributes.fchownat, [HERE, 0, 1, 2, ZERO], 'path int int'),
  as('lchown', 94, attributes.fchownat, [HERE, 0, 1, 2, constant(AT_SYMLINK_NOFOLLOW)], 'path int int'),
  row('utime', [-1, 132], fileTimes.utime, 'path pointer'),
  row('utimes', [-1, 235], fileTimes.utimes, 'path pointer'),
  row('futimesat', [-1, 261], fileTimes.futimesat, 'dirfd path pointer'),

  as('mkdir', 83, paths.mkdirat, [HERE, 0, 1], 'path octal'),
  as('mknod', 133, paths.mknodat, [HERE, 0, 1, 2], 'path file-mode hex'),
  as('rmdir', 84, paths.unlinkat, [HERE, 0, constant(AT_REMOVEDIR)], 'path'),
  as('unlink', 87, paths.unlinkat, [HERE, 0, ZERO], 'path'),
  as('rename', 82, paths.renameat, [HERE, 0, HERE, 1], 'path path'),
  as('link', 86, paths.linkat, [HERE, 0, HERE, 1, ZERO], 'path path'),
  as('symlink', 88, paths.symlinkat, [0, HERE, 1], 'path path'),
  as('readlink', 89, paths.readlinkat, [HERE, 0, 1, 2], 'path out-bytes size'),
  row('getdents', [-1, 78], directories.getdents, 'fd pointer size'),

  as('pipe', 22, descriptors.pipe2, [0, ZERO], 'out-fd-pair'),
  row('dup2', [-1, 33], descriptors.dup2, 'fd fd'),
  row('poll', [-1, 7], poll.poll, 'pollfds:1 uint int = polled:0', 'ignored'),
  row('select', [-1, 23], select.select, 'int pointer pointer pointer timeval', 'ignored'),
  row('epoll_create', [-1, 213], epoll.epollCreate, 'int'),
  {
    ...as('epoll_wait', 232, epoll.epollPwait, [0, 1, 2, 3, ZERO, ZERO], 'fd out-epoll-events int int'),
    restart: 'never',
  },
  as('signalfd', 282, events.signalfd4, [0, 1, 2, ZERO], 'fd sigset size'),
  as('eventfd', 284, events.eventfd2, [0, ZERO], 'uint'),

  as('fork', 57, clone.clone, [constant(SIGCHLD), ZERO, ZERO, ZERO, ZERO]),
  as('vfork', 58, clone.clone, [constant(CLONE_VFORK | CLONE_VM | SIGCHLD), ZERO, ZERO, ZERO, ZERO]),
  as('getpgrp', 111, identity.getpgid, [ZERO]),
  row('pause', [-1, 34], signals.pauseUntilSignal, '', 'ignored'),
  row('alarm', [-1, 37], time.alarm, 'uint'),
  row('time', [-1, 201], time.time, 'pointer'),
  row('arch_prctl', [-1, 158], archPrctl, 'arch-prctl pointer'),
];

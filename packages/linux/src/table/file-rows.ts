/** Calls on descriptors. */
import * as attributes from '../calls/attributes.js';
import * as control from '../calls/fcntl.js';
import * as descriptors from '../calls/descriptors.js';
import * as directories from '../calls/directories.js';
import * as epoll from '../calls/epoll.js';
import * as events from '../calls/events.js';
import * as io from '../calls/read-write.js';
import * as poll from '../calls/poll.js';
import * as select from '../calls/select.js';
import * as processes from '../calls/process-files.js';
import * as memory from '../calls/memory-files.js';
import * as messages from '../calls/socket-messages.js';
import * as sockets from '../calls/sockets.js';
import { row, type Row } from './row.js';

export const FILE_ROWS: readonly Row[] = [
  row('read', [63, 0], io.read, 'fd out-bytes size'),
  row('write', [64, 1], io.write, 'fd bytes:2 size'),
  row('readv', [65, 19], io.readv, 'fd out-iovec int'),
  row('writev', [66, 20], io.writev, 'fd iovec int'),
  row('pread64', [67, 17], io.pread64, 'fd out-bytes size long'),
  row('pwrite64', [68, 18], io.pwrite64, 'fd bytes:2 size long'),
  row('preadv', [69, 295], io.preadv, 'fd out-iovec int long'),
  row('pwritev', [70, 296], io.pwritev, 'fd iovec int long'),
  row('preadv2', [286, 327], io.preadv2, 'fd out-iovec int long hex:5'),
  row('pwritev2', [287, 328], io.pwritev2, 'fd iovec int long hex:5'),
  row('sendfile', [71, 40], io.sendfile, 'fd fd pointer size'),
  row('splice', [76, 275], io.splice, 'fd pointer fd pointer size hex'),
  row('vmsplice', [75, 278], io.refuseSplice, 'fd pointer size hex'),
  row('tee', [77, 276], io.tee, 'fd fd size hex'),
  row('copy_file_range', [285, 326], io.copyFileRange, 'fd pointer fd pointer size hex'),

  row('openat', [56, 257], descriptors.openat, 'dirfd path open-flags open-mode:2'),
  row('openat2', [437, 437], descriptors.openat2, 'dirfd path pointer size'),
  row('close', [57, 3], descriptors.close, 'fd'),
  row('close_range', [436, 436], descriptors.closeRange, 'uint uint hex'),
  row('dup', [23, 32], descriptors.dup, 'fd'),
  row('dup3', [24, 292], descriptors.dup3, 'fd fd fd-flags'),
  row('pipe2', [59, 293], descriptors.pipe2, 'out-fd-pair fd-flags'),
  row('lseek', [62, 8], descriptors.lseek, 'fd long whence'),
  row('fcntl', [25, 72], control.fcntl, 'fd fcntl fcntl-argument:1 = fcntl'),
  row('flock', [32, 73], control.flock, 'fd flock'),
  row('ioctl', [29, 16], control.ioctl, 'fd ioctl pointer'),
  row('getdents64', [61, 217], directories.getdents64, 'fd pointer size'),

  row('fstat', [80, 5], attributes.fstat, 'fd out-stat'),
  row('fchmod', [52, 91], attributes.fchmod, 'fd octal'),
  row('fchown', [55, 93], attributes.fchown, 'fd int int'),
  row('ftruncate', [46, 77], attributes.ftruncate, 'fd long'),
  row('fallocate', [47, 285], attributes.fallocate, 'fd hex long long'),
  row('fsync', [82, 74], attributes.fsync, 'fd'),
  row('fdatasync', [83, 75], attributes.fsync, 'fd'),
  row('sync_file_range', [84, 277], attributes.fsync, 'fd long long hex'),
  row('syncfs', [267, 306], attributes.fsync, 'fd'),
  row('fadvise64', [223, 221], attributes.fadvise64, 'fd long long int'),
  row('readahead', [213, 187], attributes.readahead, 'fd long size'),
  row('fstatfs', [44, 138], attributes.fstatfs, 'fd pointer'),

  row('ppoll', [73, 271], poll.ppoll, 'pollfds:1 uint timespec sigset size = polled:0', 'ignored'),
  row('pselect6', [72, 270], select.pselect6, 'int pointer pointer pointer timespec pointer', 'ignored'),
  row('epoll_create1', [20, 291], epoll.epollCreate1, 'fd-flags:EPOLL'),
  row('epoll_ctl', [21, 233], epoll.epollCtl, 'fd epoll-operation fd epoll-event'),
  row('epoll_pwait', [22, 281], epoll.epollPwait, 'fd out-epoll-events int int sigset size', 'never'),
  row('epoll_pwait2', [441, 441], epoll.epollPwait2, 'fd out-epoll-events int timespec sigset size', 'never'),
  row('eventfd2', [19, 290], events.eventfd2, 'uint fd-flags:EFD'),
  row('timerfd_create', [85, 283], events.timerfdCreate, 'clock fd-flags:TFD'),
  row('timerfd_settime', [86, 286], events.timerfdSettime, 'fd hex itimerspec out-itimerspec'),
  row('timerfd_gettime', [87, 287], events.timerfdGettime, 'fd out-itimerspec'),
  row('signalfd4', [74, 289], events.signalfd4, 'fd sigset size fd-flags:SFD'),

  row('memfd_create', [279, 319], memory.memfdCreate, 'path hex'),
  row('pidfd_open', [434, 434], processes.pidfdOpen, 'int hex'),
  row('pidfd_send_signal', [424, 424], processes.pidfdSendSignal, 'fd signal pointer hex'),

  row('socket', [198, 41], sockets.socket, 'socket-family hex int'),
  row('socketpair', [199, 53], sockets.socketpair, 'socket-family hex int out-fd-pair'),
  row('bind', [200, 49], sockets.refuseSocket, 'fd pointer int'),
  row('listen', [201, 50], sockets.refuseSocket, 'fd int'),
  row('accept', [202, 43], sockets.refuseSocket, 'fd pointer pointer'),
  row('accept4', [242, 288], sockets.refuseSocket, 'fd pointer pointer hex'),
  row('connect', [203, 42], sockets.refuseSocket, 'fd pointer int'),
  row('getsockname', [204, 51], sockets.getsockname, 'fd pointer pointer'),
  row('getpeername', [205, 52], sockets.getsockname, 'fd pointer pointer'),
  row('sendto', [206, 44], sockets.sendto, 'fd bytes:2 size hex pointer int'),
  row('recvfrom', [207, 45], sockets.recvfrom, 'fd out-bytes size hex pointer pointer'),
  row('setsockopt', [208, 54], sockets.refuseSocket, 'fd int int pointer int'),
  row('getsockopt', [209, 55], sockets.getsockopt, 'fd int int pointer pointer'),
  row('shutdown', [210, 48], sockets.shutdown, 'fd int'),
  row('sendmsg', [211, 46], messages.sendmsg, 'fd pointer hex'),
  row('recvmsg', [212, 47], messages.recvmsg, 'fd pointer hex'),
];

/** Wrong arguments, bad pointers, missing things: the errno that Linux gives. One program makes all the calls. */
import { describe, expect, it } from '@jest/globals';
import { errnoName } from '@veridian-os/abi';
import { DATA, DATA_BYTES, WILD, MACHINES, scriptsOn, type CallRequest, type Guest } from '../helpers/scripted.js';

type Case = [errno: string, ...CallRequest];
/** Straddles the end of the program's memory. */
const EDGE = DATA + DATA_BYTES - 4;

/** O_DIRECTORY, which aarch64 has elsewhere. */
const directoryFlag = ({ isa }: Guest): number => (isa === 'aarch64' ? 0o40000 : 0o200000);

/** Descriptors of the program: 0 stdin, 1 and 2 stdout, 3 a file read-write, 4 one for reading, 5 6 a pipe, 7 /tmp. */
function cases(guest: Guest): Case[] {
  const [file, none, slash, long] = ['/tmp/file', '/tmp/none', '/tmp/file/x', `/${'x'.repeat(5000)}`].map((name) =>
    guest.string(name),
  );
  const [tmp, link] = ['/tmp', '/tmp/link'].map((name) => guest.string(name));
  const binary = guest.put(Uint8Array.of(0x2f, 0xff, 0));
  const memory = guest.alloc(4096);
  const unterminated = guest.words(WILD, 0);
  const badTime = guest.words(0, 1_000_000_000);
  const wildVector = guest.words(WILD, 8);
  const longVector = guest.words(memory, -1);
  const directory = directoryFlag(guest);
  return [
    ['EBADF', 'read', 99, memory, 1],
    ['EBADF', 'read', -1, memory, 1],
    ['EBADF', 'write', 4, memory, 1],
    ['EBADF', 'read', 6, memory, 1],
    ['EFAULT', 'write', 3, WILD, 1],
    ['EFAULT', 'read', 4, WILD, 1],
    ['EFAULT', 'read', 4, 2 ** 53, 1],
    ['EFAULT', 'read', 4, -4096, 1],
    ['EISDIR', 'read', 7, memory, 1],
    ['EFAULT', 'writev', 3, wildVector, 1],
    ['EINVAL', 'writev', 3, longVector, 1],
    ['EINVAL', 'writev', 3, memory, -1],
    ['EINVAL', 'writev', 3, memory, 1025],
    ['EFAULT', 'writev', 3, WILD, 1],
    ['ESPIPE', 'pread64', 5, memory, 1, 0],
    ['EINVAL', 'pread64', 3, memory, 1, -1],
    ['ESPIPE', 'lseek', 5, 0, 0],
    ['EINVAL', 'lseek', 3, -1, 0],
    ['EINVAL', 'lseek', 3, 0, 9],
    ['ENOENT', 'openat', -100, none, 0, 0],
    ['ENOTDIR', 'openat', -100, slash, 0, 0],
    ['EFAULT', 'openat', -100, WILD, 0, 0],
    ['EFAULT', 'openat', -100, 0, 0, 0],
    ['ENOENT', 'openat', -100, guest.string(''), 0, 0],
    ['ENAMETOOLONG', 'openat', -100, long, 0, 0],
    ['EILSEQ', 'openat', -100, binary, 0, 0],
    ['EEXIST', 'openat', -100, file, 0o302, 0],
    ['EISDIR', 'openat', -100, tmp, 1, 0],
    ['ENOTDIR', 'openat', -100, file, directory, 0],
    ['EOPNOTSUPP', 'openat', -100, tmp, 0o20000002 | directory, 0],
    ['EBADF', 'openat', 99, guest.string('relative'), 0, 0],
    ['ENOTDIR', 'openat', 3, guest.string('relative'), 0, 0],
    ['EINVAL', 'openat2', -100, file, memory, 8],
    ['EBADF', 'close', 99],
    ['EINVAL', 'close_range', 5, 4, 0],
    ['EINVAL', 'dup3', 3, 3, 0],
    ['EBADF', 'dup3', 3, 5000, 0],
    ['EBADF', 'dup3', 99, 20, 0],
    ['EINVAL', 'dup3', 3, 20, 1],
    ['EINVAL', 'pipe2', memory, 1],
    ['EFAULT', 'pipe2', WILD, 0],
    ['EINVAL', 'fcntl', 3, 99, 0],
    ['EINVAL', 'fcntl', 3, 0, 5000],
    ['ENOTTY', 'ioctl', 3, 0x5401, memory],
    ['ENOTTY', 'ioctl', 3, 0x9999, memory],
    ['EFAULT', 'ioctl', 3, 0x541b, WILD],
    ['ENOTDIR', 'getdents64', 3, memory, 100],
    ['EINVAL', 'getdents64', 7, memory, 10],
    ['EFAULT', 'getdents64', 7, WILD, 4096],
    ['EFAULT', 'fstat', 3, WILD],
    ['EFAULT', 'newfstatat', -100, file, EDGE, 0],
    ['EINVAL', 'newfstatat', -100, file, memory, 1],
    ['EINVAL', 'statx', -100, file, 0x6000, 0, memory],
    ['EINVAL', 'faccessat', -100, file, 8],
    ['EACCES', 'faccessat', -100, file, 1],
    ['EINVAL', 'unlinkat', -100, file, 1],
    ['EISDIR', 'unlinkat', -100, tmp, 0],
    ['ENOTDIR', 'unlinkat', -100, file, 0x200],
    ['EINVAL', 'renameat2', -100, file, -100, none, 3],
    ['EINVAL', 'linkat', -100, file, -100, none, 1],
    ['EINVAL', 'readlinkat', -100, link, memory, 0],
    ['EINVAL', 'readlinkat', -100, file, memory, 10],
    ['ERANGE', 'getcwd', memory, 1],
    ['EINVAL', 'utimensat', -100, file, badTime, 0],
    ['EINVAL', 'ftruncate', 4, 0],
    ['EINVAL', 'truncate', file, -1],
    ['ESPIPE', 'fallocate', 6, 0, 0, 1],
    ['EBADF', 'fallocate', 4, 0, 0, 1],
    ['EOPNOTSUPP', 'fallocate', 3, 2, 0, 1],
    ['EINVAL', 'fsync', 5],

    ['EINVAL', 'mmap', 0, 0, 3, 0x22, -1, 0],
    ['EINVAL', 'mmap', 0, 4096, 3, 0x20, -1, 0],
    ['EINVAL', 'mmap', 0, 4096, 3, 0x2, 3, 100],
    ['EBADF', 'mmap', 0, 4096, 3, 0x2, 99, 0],
    ['EACCES', 'mmap', 0, 4096, 3, 0x1, 4, 0],
    ['ENODEV', 'mmap', 0, 4096, 1, 0x2, 5, 0],
    ['ENOMEM', 'mmap', 0, 2 ** 47, 3, 0x22, -1, 0],
    ['EINVAL', 'mmap', 1, 4096, 3, 0x32, -1, 0],
    ['EEXIST', 'mmap', DATA, 4096, 3, 0x100022, -1, 0],
    ['EINVAL', 'munmap', 1, 4096],
    ['EINVAL', 'munmap', 4096, 0],
    ['ENOMEM', 'mprotect', WILD, 4096, 1],
    ['EINVAL', 'mprotect', DATA, 4096, 64],
    ['EINVAL', 'mremap', DATA, 4096, 0, 0],
    ['EFAULT', 'mremap', WILD, 4096, 8192, 1],
    ['EINVAL', 'madvise', DATA, 4096, 99],
    ['EINVAL', 'madvise', DATA + 1, 4096, 4],
    ['ENOMEM', 'madvise', WILD, 4096, 0],
    ['ENOMEM', 'mincore', WILD, 4096, memory],
    ['EINVAL', 'msync', DATA, 4096, 5],
    ['EINVAL', 'membarrier', 128, 0, 0],

    ['EINVAL', 'clone', 0x10000, memory, 0, 0, 0],
    ['EPERM', 'clone', 0x20000011, 0, 0, 0, 0],
    ['EINVAL', 'clone', 0x400 | 17, 0, 0, 0, 0],
    ['EINVAL', 'clone3', memory, 8],
    ['E2BIG', 'clone3', memory, 8192],
    ['EFAULT', 'execve', WILD, 0, 0],
    ['ENOENT', 'execve', none, 0, 0],
    ['EACCES', 'execve', file, 0, 0],
    ['EFAULT', 'execve', guest.string('/bin/script'), WILD, 0],
    ['EFAULT', 'execve', guest.string('/bin/script'), unterminated, 0],
    ['ECHILD', 'wait4', -1, 0, 0, 0],
    ['EINVAL', 'wait4', -1, 0, 64, 0],
    ['EINVAL', 'waitid', 0, 0, 0, 0, 0],
    ['EINVAL', 'waitid', 9, 0, 0, 4, 0],
    ['ESRCH', 'getpgid', 9999],
    ['EINVAL', 'setpgid', 0, -1],
    ['EPERM', 'setuid', 5],
    ['EPERM', 'setresgid', -1, 5, -1],
    ['EFAULT', 'getresuid', memory, WILD, memory],
    ['EINVAL', 'getgroups', -1, 0],

    ['EINVAL', 'rt_sigaction', 65, 0, 0, 8],
    ['EINVAL', 'rt_sigaction', 10, 0, 0, 16],
    ['EINVAL', 'rt_sigaction', 9, memory, 0, 8],
    ['EFAULT', 'rt_sigaction', 10, WILD, 0, 8],
    ['EINVAL', 'rt_sigprocmask', 3, memory, 0, 8],
    ['EINVAL', 'rt_sigprocmask', 0, memory, 0, 4],
    ['EFAULT', 'rt_sigprocmask', 0, WILD, 0, 8],
    ['EINVAL', 'kill', 0, 65],
    ['ESRCH', 'kill', 9999, 0],
    ['ESRCH', 'kill', -9999, 0],
    ['EINVAL', 'tgkill', 0, 1, 0],
    ['ESRCH', 'tkill', 9999, 0],
    ['ENOMEM', 'sigaltstack', guest.words(memory, 0, 100), 0],
    ['EINVAL', 'sigaltstack', guest.words(memory, 8, 8192), 0],
    ['EAGAIN', 'rt_sigtimedwait', guest.words(512), 0, guest.words(0, 0), 8],

    ['EINVAL', 'futex', memory + 1, 0, 0],
    ['EFAULT', 'futex', WILD, 0, 0],
    ['EAGAIN', 'futex', memory, 0, 7],
    ['ETIMEDOUT', 'futex', memory, 0, 0, guest.words(0, 1000)],
    ['EINVAL', 'futex', memory, 0, 0, badTime],
    ['EINVAL', 'futex', memory, 9, 0, 0, 0, 0],
    ['ENOSYS', 'futex', memory, 6, 0],
    ['EAGAIN', 'futex', memory, 4, 1, 1, memory + 8, 3],
    ['EINVAL', 'set_robust_list', memory, 8],
    ['ESRCH', 'get_robust_list', 9999, memory, memory],

    ['EINVAL', 'nanosleep', badTime, 0],
    ['EFAULT', 'nanosleep', WILD, 0],
    ['EINVAL', 'clock_nanosleep', 3, 0, guest.words(0, 1), 0],
    ['EINVAL', 'clock_gettime', 99, memory],
    ['EFAULT', 'clock_gettime', 1, WILD],
    ['EPERM', 'clock_settime', 0, memory],
    ['EPERM', 'settimeofday', memory, 0],
    ['EINVAL', 'setitimer', 3, memory, 0],
    ['EINVAL', 'timer_create', 99, 0, memory],
    ['EINVAL', 'timer_settime', 77, 0, memory, 0],

    ['EINVAL', 'ppoll', memory, 5000, 0, 0, 0],
    ['EFAULT', 'ppoll', WILD, 1, 0, 0, 0],
    ['EINVAL', 'ppoll', memory, 0, badTime, 0, 0],
    ['EINVAL', 'ppoll', memory, 0, 0, memory, 4],
    ['EBADF', 'pselect6', 64, guest.words(2 ** 40), 0, 0, 0, 0],
    ['EINVAL', 'pselect6', -1, 0, 0, 0, 0, 0],
    ['EINVAL', 'epoll_create1', 5],
    ['EINVAL', 'epoll_ctl', 5, 1, 6, memory],
    ['EPERM', 'epoll_ctl', 5, 1, 3, memory],
    ['EINVAL', 'epoll_pwait', 5, memory, 0, 0, 0, 0],
    ['EINVAL', 'eventfd2', 0, 2],
    ['EINVAL', 'timerfd_create', 2, 0],
    ['EINVAL', 'timerfd_settime', 3, 0, guest.words(0, 0, 0, 0), 0],
    ['EINVAL', 'signalfd4', 3, memory, 8, 0],
    ['EAFNOSUPPORT', 'socket', 2, 1, 0],
    ['EAFNOSUPPORT', 'socketpair', 2, 1, 0, memory],
    ['ENOTSOCK', 'shutdown', 3, 0],
    ['ENOTSOCK', 'sendto', 3, memory, 1, 0, 0, 0],

    ['EINVAL', 'getrusage', 5, memory],
    ['EINVAL', 'getrandom', memory, 8, 6],
    ['EFAULT', 'getrandom', WILD, 8, 0],
    ['EFAULT', 'uname', EDGE],
    ['EFAULT', 'sysinfo', WILD],
    ['EINVAL', 'prctl', 9999, 0],
    ['EINVAL', 'prlimit64', 0, 16, 0, memory],
    ['EINVAL', 'prlimit64', 0, 7, guest.words(5, 4), 0],
    ['EPERM', 'prlimit64', 0, 7, guest.words(10, 1e6), 0],
    ['ESRCH', 'prlimit64', 9999, 7, 0, 0],
    ['EINVAL', 'sched_getaffinity', 0, 4, memory],
    ['EINVAL', 'sched_setaffinity', 0, 8, guest.words(2)],
    ['EINVAL', 'sched_setscheduler', 0, 1, guest.words(0)],
    ['EINVAL', 'sched_get_priority_max', 9],
    ['ENOSYS', 'rseq', memory, 32, 0, 0],
    ['ENOSYS', 'io_uring_setup', 1, memory],
    ['EPERM', 'mount', memory, memory, memory, 0, 0],
  ];
}

describe.each(MACHINES)('calls that cannot succeed on %s', (on) => {
  const runScript = scriptsOn(on);

  it('answer as Linux does', async () => {
    const got: string[] = [];
    const wanted: string[] = [];
    await runScript(function* (guest) {
      const path = guest.string('/tmp/file');
      const pair = guest.alloc(8);
      yield ['openat', -100, path, 0o102, 0o644];
      yield ['write', 3, path, 9];
      yield ['openat', -100, path, 0, 0];
      yield ['pipe2', pair, 0];
      yield ['openat', -100, guest.string('/tmp'), directoryFlag(guest), 0];
      yield ['symlinkat', path, -100, guest.string('/tmp/link')];
      for (const [errno, ...request] of cases(guest)) {
        const result = yield request;
        wanted.push(`${request.join(' ')}: ${errno}`);
        got.push(`${request.join(' ')}: ${result < 0 ? errnoName(result) : result}`);
      }
    });
    expect(got.length).toBeGreaterThan(170);
    expect(got).toEqual(wanted);
  });
});

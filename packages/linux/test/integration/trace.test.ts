import { describe, expect, it } from '@jest/globals';
import { HANDLER, MACHINES, scriptsOn } from '../helpers/scripted.js';

/** Lines without process number, padding and addresses of the program. */
const plain = (line: string): string =>
  line
    .replace(/^\[pid \d+\] /, '')
    .replace(/ += /, ' = ')
    .replace(/0x1[0-9a-f]{5}\b/g, 'ADDR')
    .replace(/0x(3f|7fff)f7[0-9a-f]{6}\b/g, 'MAPPED')
    // aarch64 has it in another bit; restorers are the other ISAs'.
    .replace('0x20402 (flags', '0x8402 (flags')
    .replace(/SA_RESTORER\|(.*), sa_restorer=0x10010/, '$1');

describe.each(MACHINES)('the trace on %s', (on) => {
  const runScript = scriptsOn(on);

  it("is in strace's format", async () => {
    const { trace } = await runScript(
      function* (guest) {
        const [name, none, memory] = [guest.string('/tmp/a"b\n'), guest.string('/none'), guest.alloc(512)];
        yield ['openat', -100, none, 0o2000000, 0];
        yield ['openat', -100, name, 0o2102, 0o644];
        yield ['write', 3, guest.put(new TextEncoder().encode('0123456789'.repeat(4))), 40];
        yield ['write', 3, guest.put(Uint8Array.of(0, 49, 7, 255)), 4];
        yield ['pread64', 3, memory, 5, 1];
        yield ['fstat', 3, memory];
        yield ['newfstatat', 3, guest.string(''), memory, 0x1000];
        const region = yield ['mmap', 0, 8192, 3, 0x22, -1, 0];
        yield ['mprotect', region, 4096, 0];
        yield ['fcntl', 3, 3];
        yield ['fcntl', 3, 4, 0o4000];
        yield ['rt_sigaction', 10, guest.sigaction(HANDLER, 0x10000004, 2 ** 10), 0, 8];
        yield ['rt_sigprocmask', 0, guest.words(2 ** 1 + 2 ** 16), memory, 8];
        yield ['nanosleep', guest.words(0, 1000), 0];
        yield ['clock_gettime', 1, 0];
        yield ['prlimit64', 0, 3, 0, memory];
        yield ['futex', memory, 129, 1];
        yield ['pipe2', memory, 0o2000000];
        yield ['ppoll', guest.words(5 + 2 ** 32), 1, guest.words(0, 0), 0, 8];
        yield ['ioctl', 0, 0x5413, memory];
        yield ['wait4', -1, memory, 1, 0];
        yield ['kill', 0, 0];
        yield ['unlinkat', -100, name, 0];
        yield ['getcwd', memory, 100];
        yield ['uname', memory];
        yield [400];
        yield ['exit_group', 300];
      },
      { trace: true },
    );
    expect(trace.map(plain)).toMatchInlineSnapshot(`
      [
        "execve("/bin/script", ["script", "one"], /* 1 var */) = 0",
        "openat(AT_FDCWD, "/none", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such file or directory)",
        "openat(AT_FDCWD, "/tmp/a\\"b\\n", O_RDWR|O_CREAT|O_APPEND, 0644) = 3",
        "write(3, "01234567890123456789012345678901"..., 40) = 40",
        "write(3, "\\0001\\7\\377", 4) = 4",
        "pread64(3, "12345", 5, 1) = 5",
        "fstat(3, {st_mode=S_IFREG|0644, st_size=44, ...}) = 0",
        "newfstatat(3, "", {st_mode=S_IFREG|0644, st_size=44, ...}, AT_EMPTY_PATH) = 0",
        "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = MAPPED",
        "mprotect(MAPPED, 4096, PROT_NONE) = 0",
        "fcntl(3, F_GETFL) = 0x8402 (flags O_RDWR|O_APPEND|O_LARGEFILE)",
        "fcntl(3, F_SETFL, O_RDONLY|O_NONBLOCK) = 0",
        "rt_sigaction(SIGUSR1, {sa_handler=0x10008, sa_mask=[SEGV], sa_flags=SA_RESTART|SA_SIGINFO}, NULL, 8) = 0",
        "rt_sigprocmask(SIG_BLOCK, [INT CHLD], [], 8) = 0",
        "nanosleep({tv_sec=0, tv_nsec=1000}, NULL) = 0",
        "clock_gettime(CLOCK_MONOTONIC, NULL) = -1 EFAULT (Bad address)",
        "prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY}) = 0",
        "futex(ADDR, FUTEX_WAKE_PRIVATE, 1) = 0",
        "pipe2([4, 5], O_CLOEXEC) = 0",
        "ppoll([{fd=5, events=POLLIN}], 1, {tv_sec=0, tv_nsec=0}, NULL, 8) = 0 (Timeout)",
        "ioctl(0, TIOCGWINSZ, ADDR) = -1 ENOTTY (Inappropriate ioctl for device)",
        "wait4(-1, ADDR, WNOHANG, NULL) = -1 ECHILD (No child processes)",
        "kill(0, 0) = 0",
        "unlinkat(AT_FDCWD, "/tmp/a\\"b\\n", 0) = 0",
        "getcwd("/", 100) = 2",
        "uname({sysname="Linux", nodename="veridian", ...}) = 0",
        "syscall_400(0, 0, 0, 0, 0, 0) = -1 ENOSYS (Function not implemented)",
        "exit_group(300) = ?",
        "+++ exited with 44 +++",
      ]
    `);
  });
});

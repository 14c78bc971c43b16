import { describe, expect, it } from '@jest/globals';
import { runScript } from '../helpers/scripted.js';

describe('a scripted program', () => {
  it('makes calls and gets their results', async () => {
    const results: number[] = [];
    const { end, trace, stdout } = await runScript(
      function* (guest) {
        results.push(yield ['getpid'], guest.thread.process.pid);
        results.push(yield ['write', 1, guest.string('hello'), 5]);
        results.push(yield ['write', 9, 0, 5]);
        results.push(yield [444444, 1, 2, 3]);
        yield ['exit_group', 9];
      },
      { trace: true },
    );
    expect(results[0]).toBe(results[1]);
    expect(results.slice(2)).toEqual([5, -9, -38]);
    expect(stdout).toBe('hello');
    expect(end).toEqual({ kind: 'exit', value: 9, core: false });
    expect(trace).toMatchInlineSnapshot(`
      [
        "[pid 4] execve("/bin/script", ["script", "one"], /* 1 var */) = 0",
        "[pid 4] getpid()                                = 4",
        "[pid 4] write(1, "hello", 5)                    = 5",
        "[pid 4] write(9, NULL, 5)                       = -1 EBADF (Bad file descriptor)",
        "[pid 4] syscall_444444(0x1, 0x2, 0x3, 0, 0, 0)  = -1 ENOSYS (Function not implemented)",
        "[pid 4] exit_group(9)                           = ?",
        "[pid 4] +++ exited with 9 +++",
      ]
    `);
  });
});

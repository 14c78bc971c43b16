/** A program has what it was given and nothing else. */
import { describe, expect, it } from '@jest/globals';
import { EACCES, EPERM } from '@veridian-os/abi';
import { LINUX_ISAS } from '../../src/isa/isas.js';
import { MACHINES, scriptsOn, type CallRequest, type Guest } from '../helpers/scripted.js';

describe.each(MACHINES)('authority on %s', (on) => {
  const runScript = scriptsOn(on);
  const results = async (calls: (guest: Guest) => CallRequest[]): Promise<number[]> => {
    const got: number[] = [];
    await runScript(
      function* (guest) {
        for (const call of calls(guest)) got.push(yield call);
      },
      { stdin: 'in' },
    );
    return got;
  };

  it('over files is an endpoint capability: without it every path call fails', async () => {
    const got: number[] = [];
    await runScript(function* (guest) {
      const [name, memory] = [guest.string('/tmp'), guest.alloc(512)];
      yield ['openat', -100, guest.string('/tmp/open'), 0o102, 0o644];
      guest.thread.process.endowment.fileServer = undefined;
      const calls: CallRequest[] = [
        ['openat', -100, name, 0, 0],
        ['newfstatat', -100, name, memory, 0],
        ['statx', -100, name, 0, 0, memory],
        ['faccessat', -100, name, 0],
        ['mkdirat', -100, guest.string('/tmp/x'), 0o755],
        ['mknodat', -100, guest.string('/tmp/y'), 0o100644, 0],
        ['unlinkat', -100, guest.string('/tmp/open'), 0],
        ['renameat2', -100, name, -100, guest.string('/tmp/z'), 0],
        ['linkat', -100, name, -100, guest.string('/tmp/z'), 0],
        ['symlinkat', name, -100, guest.string('/tmp/z')],
        ['readlinkat', -100, name, memory, 10],
        ['fchmodat', -100, name, 0o755],
        ['utimensat', -100, name, 0, 0],
        ['truncate', name, 0],
        ['chdir', name],
        ['getcwd', memory, 512],
        ['statfs', name, memory],
        ['execve', name, 0, 0],
        ['sync'],
      ];
      for (const call of calls) got.push(yield call);
      expect(got).toEqual(calls.map(() => EACCES));
      // What was open stays open.
      got.push(yield ['write', 3, memory, 4]);
    });
    expect(got.at(-1)).toBe(4);
  });

  it('over the clock: without it time counts from 1970', async () => {
    const seconds: number[] = [];
    for (const clock of [true, false]) {
      await runScript(
        function* (guest) {
          const time = guest.alloc(16);
          yield ['clock_gettime', 0, time];
          seconds.push(Number(guest.peek(time, 8).getBigInt64(0, true)));
        },
        { endowment: { clock } },
      );
    }
    expect(seconds).toEqual([1_700_000_000, 0]);
  });

  it('over randomness: without it getrandom fails and AT_RANDOM is zero', async () => {
    const seen: unknown[] = [];
    for (const entropy of [true, false]) {
      await runScript(
        function* (guest) {
          seen.push(yield ['getrandom', guest.alloc(16), 16, 0]);
          const { spWord, stackTop } = LINUX_ISAS.find(({ isa }) => isa === guest.isa)!;
          const sp = guest.thread.registers[spWord + 1] * 2 ** 32 + guest.thread.registers[spWord];
          const stack = new BigUint64Array(guest.peek(sp, stackTop - sp - ((stackTop - sp) % 8)).buffer);
          const at = stack.findIndex(
            (word, index) => word === 25n && index % 2 === stack.indexOf(6n) % 2 && stack[index - 2] === 23n,
          );
          seen.push(new Uint8Array(guest.peek(Number(stack[at + 1]), 16).buffer).every((byte) => byte === 0));
        },
        { endowment: { entropy } },
      );
    }
    expect(seen).toEqual([16, false, EPERM, true]);
  });

  it('over descriptors ends at their mode', async () => {
    const got = await results((guest) => {
      const byte = guest.alloc(8);
      return [
        ['read', 0, byte, 2],
        ['write', 0, byte, 1],
        ['write', 1, byte, 1],
        ['read', 1, byte, 1],
      ];
    });
    expect(got).toEqual([2, -9, 1, -9]);
  });

  it('cannot end a service', async () => {
    const got = await results(() => [
      ['kill', 1, 9],
      ['kill', 2, 15],
      ['kill', 1, 0],
    ]);
    expect(got).toEqual([EPERM, EPERM, 0]);
  });
});

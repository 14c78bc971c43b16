/** What programs and handlers of x86_64 find in their registers. */
import { describe, expect, it } from '@jest/globals';
import { ENOSYS } from '@veridian-os/abi';
import { X86 } from '@veridian-os/hal';
import { SIGUSR1 } from '@veridian-os/kernel';
import { INITIAL_XSAVE } from '../../src/isa/x86-64-frame.js';
import type { TinyMachine } from '../../src/testing.js';
import { HANDLER, MACHINES, SCRIPT_HANDLER, runScript, type Guest } from '../helpers/scripted.js';

const fpOf = (guest: Guest): Uint8Array => (guest.kernel.machine as TinyMachine).fpOf(guest.thread.context);
const register = (guest: Guest, index: number): number =>
  guest.thread.registers[index * 2 + 1] * 2 ** 32 + guest.thread.registers[index * 2];

describe('on x86_64', () => {
  it('a program begins with its flags and a fresh FP state', async () => {
    const seen: unknown[] = [];
    await runScript(
      function* (guest) {
        yield ['getpid'];
        seen.push(guest.thread.registers[X86.RFLAGS * 2], fpOf(guest).slice());
      },
      { on: 'x86_64' },
    );
    expect(seen).toEqual([0x202, INITIAL_XSAVE]);
  });

  it('a handler has a fresh FP state, and the interrupted one comes back', async () => {
    const states: Uint8Array[] = [];
    let own = new Uint8Array(0);
    await runScript(
      function* (guest) {
        const pid = yield ['getpid'];
        yield ['rt_sigaction', SIGUSR1, guest.sigaction(SCRIPT_HANDLER), 0, 8];
        fpOf(guest).fill(0x5a, 160, 416);
        new DataView(fpOf(guest).buffer, fpOf(guest).byteOffset).setUint32(512, 3, true);
        own = fpOf(guest).slice();
        yield ['kill', pid, SIGUSR1];
        states.push(fpOf(guest).slice());
        yield ['rt_sigreturn'];
        states.push(fpOf(guest).slice());
      },
      { on: 'x86_64' },
    );
    expect(states[0]).toEqual(INITIAL_XSAVE);
    expect(states[1].subarray(0, 464)).toEqual(own.subarray(0, 464));
    expect(states[1].subarray(512)).toEqual(own.subarray(512));
  });

  it('a frame leaves the 128 bytes below the stack pointer alone', async () => {
    const seen: unknown[] = [];
    await runScript(
      function* (guest) {
        const pid = yield ['getpid'];
        yield ['rt_sigaction', SIGUSR1, guest.sigaction(SCRIPT_HANDLER), 0, 8];
        const sp = register(guest, X86.RSP);
        guest.poke(sp - 128, new Uint8Array(128).fill(0x77));
        yield ['kill', pid, SIGUSR1];
        const zone = new Uint8Array(guest.peek(sp - 128, 128).buffer);
        seen.push(
          zone.every((byte) => byte === 0x77),
          register(guest, X86.RSP) < sp - 128,
        );
        yield ['rt_sigreturn'];
        seen.push(register(guest, X86.RSP) === sp);
      },
      { on: 'x86_64' },
    );
    expect(seen).toEqual([true, true, true]);
  });

  it('a handler without a restorer ends the program', async () => {
    const { end } = await runScript(
      function* (guest) {
        const pid = yield ['getpid'];
        yield ['rt_sigaction', SIGUSR1, guest.words(HANDLER, 0, 0, 0), 0, 8];
        yield ['kill', pid, SIGUSR1];
      },
      { on: 'x86_64' },
    );
    expect(end).toEqual({ kind: 'signal', value: 11, core: true });
  });
});

describe.each(MACHINES)("a call's number on %s", (on) => {
  it('is an int, except on riscv64, where it is the whole register', async () => {
    const seen: number[] = [];
    await runScript(
      function* (guest) {
        const getpid = guest.isa === 'x86_64' ? 39 : 172;
        const pid = yield [getpid];
        const wide = yield [2 ** 32 + getpid];
        seen.push(wide === pid ? 0 : wide);
      },
      { on },
    );
    expect(seen).toEqual([on === 'x86_64' || on === 'aarch64' ? 0 : ENOSYS]);
  });
});

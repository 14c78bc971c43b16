/**
 * Any program may make any call with any arguments: the kernel never throws, and everything is given back at the end.
 *
 * Counterexamples: set SEED to repeat one run; fast-check prints the shrunk calls.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Nanoseconds } from '@veridian-os/abi';
import type { Isa } from '@veridian-os/hal';
import { SIGALRM, SIGKILL, SIGUSR1, ThreadState, signalInfo, type Timer } from '@veridian-os/kernel';
import { missing } from '../../src/calls/refused.js';
import { numberOf, type Row } from '../../src/table/row.js';
import { TABLE } from '../../src/table/table.js';
import { DATA, DATA_BYTES, HANDLER, WILD, runScript, type CallRequest, type Guest } from '../helpers/scripted.js';

/** Calls that end or stop the program, or hand it to code that is not the script's. */
const EXCLUDED = new Set(['exit', 'exit_group', 'execve', 'execveat', 'rt_sigreturn', 'kill', 'tkill', 'tgkill']);
const rowsOf = (isa: Isa): Row[] =>
  TABLE.filter((row) => !EXCLUDED.has(row.name) && numberOf(row, isa) >= 0 && row.handler !== missing);

const pointer = fc.nat({ max: DATA_BYTES / 8 - 1 }).map((word) => DATA + word * 8);
const odd = fc.oneof(
  fc.constantFrom(
    WILD,
    DATA + DATA_BYTES - 4,
    DATA + DATA_BYTES,
    DATA + 1,
    2 ** 38 - 1,
    2 ** 47,
    2 ** 53,
    -4096,
    HANDLER,
    0,
  ),
  fc.constantFrom(-100, -1, 4096, 8191, 65_536, 0x7fffffff, 2 ** 31, 2 ** 32),
  fc.integer({ min: -(2 ** 53), max: 2 ** 53 }),
);
const size = fc.constantFrom(0, 1, 8, 16, 24, 32, 64, 88, 100, 128, 256, 1024, 4096, 8192, 65_536, 2 ** 20);
const flag = fc.oneof(
  fc.constant(0),
  fc.nat({ max: 15 }),
  fc.nat({ max: 31 }).map((bit) => 2 ** bit),
  fc.nat({ max: 0xffffffff }),
);
const PATHS = ['/tmp/file', '/tmp', 'nothing', '/dev/zero', '/proc/self/maps', '.', '/tmp/dir'];

/** Arguments that make sense, by the format that the trace shows them in. */
const SENSIBLE: Readonly<Record<string, fc.Arbitrary<number>>> = {
  fd: fc.integer({ min: -1, max: 12 }),
  dirfd: fc.constantFrom(-100, 3, 4),
  size,
  int: fc.integer({ min: -1, max: 64 }),
  uint: fc.nat({ max: 64 }),
  long: fc.integer({ min: -1, max: 10_000 }),
  signal: fc.integer({ min: -1, max: 65 }),
  path: fc.nat({ max: PATHS.length - 1 }).map((index) => DATA + index * 32),
  clock: fc.nat({ max: 12 }),
  prot: fc.nat({ max: 7 }),
  'map-flags': fc.constantFrom(0x22, 0x21, 0x32, 0x02, 0x01, 0x100022, 0x8022),
  'open-flags': fc.constantFrom(0, 0o2, 0o102, 0o4000, 0o2000000, 0o200000, 0o2004000),
  futex: fc.constantFrom(0, 1, 3, 4, 5, 9, 10, 128, 129, 132, 137, 138, 265),
  fcntl: fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 1030, 1031, 1032, 36, 37, 38),
  ioctl: fc.constantFrom(0x5401, 0x5413, 0x541b, 0x5421, 0x5451, 0x540f, 0x80044501),
  madvise: fc.nat({ max: 25 }),
  'epoll-operation': fc.integer({ min: 1, max: 3 }),
  'socket-family': fc.constantFrom(1, 1, 2),
  limit: fc.nat({ max: 16 }),
  prctl: fc.nat({ max: 45 }),
  'clone-flags': fc.constantFrom(17, 0, 0x4111, 0x3d0f00, 0x50f00, 0x1200011),
};

function argumentOf(format: string): fc.Arbitrary<number> {
  const name = format.split(':')[0];
  const sensible = SENSIBLE[name] ?? (/flags|options|access|hex|octal|how|mode/.test(name) ? flag : pointer);
  return fc.oneof(
    { arbitrary: sensible, weight: 12 },
    { arbitrary: odd, weight: 1 },
    { arbitrary: fc.constant(0), weight: 1 },
  );
}

const callOf = ({ name, trace }: Row): fc.Arbitrary<CallRequest> =>
  fc
    .tuple(
      ...trace
        .split('=')[0]
        .split(' ')
        .filter((format) => format !== '')
        .map(argumentOf),
    )
    .map((args) => [name, ...args]);
const memory = fc.uint8Array({ minLength: 2048, maxLength: 2048 });

/** Opens a few things, then makes the calls; whatever waits is interrupted a little later. */
function* hostile(guest: Guest, calls: readonly CallRequest[], bytes: Uint8Array, opens: boolean): Calls {
  guest.poke(DATA, bytes);
  PATHS.forEach((path, index) => guest.poke(DATA + index * 32, new TextEncoder().encode(`${path}\0`)));
  guest.allocateFrom(DATA + 4096);
  const action = guest.sigaction(HANDLER);
  yield ['rt_sigaction', SIGALRM, action, 0, 8];
  yield ['rt_sigaction', SIGUSR1, action, 0, 8];
  yield ['mkdirat', -100, DATA + 6 * 32, 0o755];
  if (opens) {
    const pair = guest.alloc(16);
    yield ['pipe2', pair, 0];
    yield ['socketpair', 1, 1, 0, pair + 8];
    yield ['eventfd2', 1, 0];
    yield ['epoll_create1', 0];
    yield ['memfd_create', guest.string('memory'), 2];
    yield ['openat', -100, guest.string('/tmp/file'), 0o102, 0o644];
  }
  for (const request of calls) yield* interrupted(guest, request);
}

/** One call, with a signal every millisecond until it ends, and the end of the program when it does not. */
function* interrupted(guest: Guest, request: CallRequest): Calls {
  const { kernel, thread } = guest;
  let nudges = 0;
  const arm = (): Timer => kernel.timers.arm((kernel.now() + 1_000_000) as Nanoseconds, nudge);
  const nudge = (): void => {
    if (thread.state === ThreadState.Dead || ++nudges > 50) {
      kernel.signals.kill(thread.process, thread.process.pid, signalInfo(SIGKILL, 0));
    } else {
      kernel.signals.sendThread(thread, signalInfo(SIGUSR1, 0));
      timer = arm();
    }
  };
  let timer = arm();
  yield request;
  kernel.timers.cancel(timer);
}

type Calls = Generator<CallRequest, void, number>;

describe.each(['emulated', 'aarch64', 'x86_64'] as const)('a hostile program on %s', (on) => {
  const call = fc.oneof(...rowsOf(on === 'emulated' ? 'riscv64' : on).map(callOf));

  it('breaks nothing and leaves nothing behind', async () => {
    const numRuns = Number(process.env.RUNS ?? 25);
    let made = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(call, { maxLength: 100, size: 'max' }),
        memory,
        fc.boolean(),
        async (calls, bytes, opens) => {
          let idle = 0;
          const { kernel } = await runScript((guest) => hostile(guest, calls, bytes, opens), {
            on,
            stdin: 'some input\n',
            prepare: (booted) => {
              idle = booted.capabilities.liveCount;
            },
          });
          made += kernel.statistics().systemCalls;
          expect(kernel.capabilities.liveCount).toBe(idle);
        },
      ),
      { numRuns, ...(process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) }) },
    );
    expect(made).toBeGreaterThan(numRuns * 10);
  }, 600_000);
});

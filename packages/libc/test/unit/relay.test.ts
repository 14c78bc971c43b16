/** Threads and the relay: words of shared memory become system calls. */
import { describe, expect, it } from '@jest/globals';
import { EAGAIN } from '@veridian-os/abi';
import { POLLIN, Relay, SIGRTMIN, SIG_BLOCK, SIG_UNBLOCK, libc, libcProblem, startThread } from '@veridian-os/libc';

const here = libcProblem() === undefined ? describe : describe.skip;

const PATIENCE_MS = 30_000;
const shared = (words: number): Int32Array<SharedArrayBuffer> => new Int32Array(new SharedArrayBuffer(words * 4));

function ask(words: Int32Array, line: number): void {
  Atomics.store(words, 1 + line, 1);
  Atomics.add(words, 0, 1);
  Atomics.notify(words, 0);
}

/** A socket that the relay writes to, and what arrives at the other end. */
class Line {
  readonly socket: number;
  private readonly other: number;
  private readonly bytes = new Uint8Array(4096);

  constructor() {
    const pair = new Int32Array(2);
    expect(libc().socketpair(pair)).toBe(0);
    [this.socket, this.other] = pair;
  }

  /** What comes within some time; nothing when nothing does. */
  read(timeoutMs = PATIENCE_MS): number[] {
    if (libc().poll(new Int32Array([this.other, POLLIN]), timeoutMs) <= 0) return [];
    return [...this.bytes.subarray(0, libc().read(this.other, this.bytes))];
  }

  close(): void {
    libc().close(this.socket);
    libc().close(this.other);
  }
}

function withRelay(gates: readonly number[], body: (words: Int32Array, line: Line, relay: Relay) => void): void {
  const line = new Line();
  const words = shared(1 + gates.length);
  const states = shared(gates.length);
  states.set(gates);
  const lines = gates.map((_, i) => ({ call: { socket: line.socket, byte: 65 + i }, gate: i, open: 1 }));
  const relay = new Relay({ words, gates: states, lines });
  try {
    body(words, line, relay);
  } finally {
    relay.close();
    line.close();
  }
}

here('a relay', () => {
  it('writes a byte for each word that is set, once, and marks it', () => {
    withRelay([1, 1], (words, line) => {
      ask(words, 1); // perhaps before the thread is there
      expect(line.read()).toEqual([66]);
      expect([...words]).toEqual([1, 0, 2]);
      ask(words, 0);
      expect(line.read()).toEqual([65]);
      expect([...words]).toEqual([2, 2, 2]);
    });
  });

  it('makes no call whose gate is closed', () => {
    withRelay([0, 1, 2], (words, line) => {
      ask(words, 0);
      ask(words, 2);
      ask(words, 1);
      expect(line.read()).toEqual([66]);
      expect([...words]).toEqual([3, 1, 2, 1]);
    });
  });

  it('makes no call when it is closed, and is closed more than once', () => {
    withRelay([1], (words, line, relay) => {
      ask(words, 0);
      expect(line.read()).toEqual([65]);
      relay.close();
      relay.close();
      ask(words, 0);
      expect(line.read(50)).toEqual([]);
    });
  });

  it('that is closed before its thread is there makes none', () => {
    withRelay([1], (words, line, relay) => {
      relay.close();
      ask(words, 0);
      expect(line.read(200)).toEqual([]);
    });
  });

  it('neither waits for a socket that is full nor forgets', () => {
    withRelay([1], (words, line, relay) => {
      const isMade = (): boolean => {
        for (let naps = 0; naps < 20; naps++) {
          if (Atomics.load(words, 1) === 2) return true;
          Atomics.wait(words, 1, 1, 10);
        }
        return false;
      };
      ask(words, 0);
      expect(line.read()).toEqual([65]);
      let sent = 0;
      do ask(words, 0);
      while (isMade() && ++sent < 100_000);
      expect(sent).toBeLessThan(100_000);
      let got = 0;
      while (got < sent + 1) {
        const bytes = line.read();
        expect(bytes.length).toBeGreaterThan(0);
        got += bytes.length;
      }
      relay.close();
      expect([got, line.read(50)]).toEqual([sent + 1, []]);
    });
  });

  it('sends signals to a thread', () => {
    const { gettid, sigprocmask, sigtimedwait } = libc();
    sigprocmask(SIG_BLOCK, [SIGRTMIN]);
    const words = shared(2);
    const lines = [{ call: { thread: gettid(), signal: SIGRTMIN }, gate: 0, open: 0 }];
    const relay = new Relay({ words, gates: shared(1), lines });
    ask(words, 0);
    expect(sigtimedwait([SIGRTMIN], PATIENCE_MS * 1e6)).toBe(SIGRTMIN);
    relay.close();
    expect(sigtimedwait([SIGRTMIN], 0)).toBe(EAGAIN);
    sigprocmask(SIG_UNBLOCK, [SIGRTMIN]);
  });
});

describe('a thread', () => {
  it('runs a function that travels as text, with its input, modules and the process id', () => {
    const words = shared(2);
    startThread(
      (input, { load, process }) => {
        const { EOL } = load('node:os') as { EOL: string };
        input.words[0] = EOL === '\n' ? process : -1;
        Atomics.store(input.words, 1, 1);
        Atomics.notify(input.words, 1);
      },
      { words },
      () => undefined,
    );
    Atomics.wait(words, 1, 0, PATIENCE_MS);
    expect([...words]).toEqual([process.pid, 1]);
  });

  it('that breaks says so', async () => {
    const error = await new Promise((failed) => {
      startThread(
        () => {
          throw new Error('broken');
        },
        {},
        failed,
      );
    });
    expect(String(error)).toContain('broken');
  });
});

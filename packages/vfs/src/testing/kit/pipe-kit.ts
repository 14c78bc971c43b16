/** The conformance kit of pipes: pipe(7), for anything that gives two connected ends. */
import { EAGAIN, EBADF, EPIPE, ESPIPE, POLLERR, POLLHUP, POLLIN, POLLOUT } from '@veridian-os/abi';
import * as fc from 'fast-check';
import type { PipeFile } from '../../api.js';
import { PIPE_BUF } from '../../pipes/pipe.js';
import { pipeSteps, type PipeStep } from '../arbitraries.js';
import { holds, same, type Runner } from './runner.js';

/** A new, empty pipe of 65536 bytes, and what its queue was woken with. */
export interface PipeFixture {
  readonly reader: PipeFile;
  readonly writer: PipeFile;
  /** Events that the queue was woken with since the last call. */
  woken(): number;
}

const CAPACITY = 65536;
const bytes = (length: number, start = 0): Uint8Array => Uint8Array.from({ length }, (_, i) => (start + i) & 0xff);

/** @param make a new pipe for each case */
export function pipeKit({ describe, it }: Runner, make: () => PipeFixture): void {
  const test = (name: string, body: (fixture: PipeFixture) => void): unknown => it(name, () => body(make()));
  describe('pipes', () => {
    transferCases(test);
    atomicityCases(test);
    hangUpCases(test);
    capacityCases(test);
    it('any sequence of calls moves bytes as a queue does', () => {
      fc.assert(fc.property(pipeSteps, (steps) => compare(make(), steps)));
    });
  });
}

type Test = (name: string, body: (fixture: PipeFixture) => void) => unknown;

function drain(reader: PipeFile, length: number): Uint8Array {
  const into = new Uint8Array(length);
  same(reader.read([into]), length, 'bytes read');
  return into;
}

function transferCases(test: Test): void {
  test('bytes come out in order, in other pieces than they went in', ({ reader, writer }) => {
    same(writer.write([bytes(3), bytes(0), bytes(4, 3)]), 7, 'bytes written');
    const [one, two] = [new Uint8Array(5), new Uint8Array(5)];
    same(reader.read([one, two]), 7, 'bytes read');
    same([...one, ...two].join(), '0,1,2,3,4,5,6,0,0,0', 'contents');
  });
  test('around the end of the ring, many times', ({ reader, writer }) => {
    let next = 0;
    for (let i = 0; i < 100; i++) {
      same(writer.write([bytes(3000, next)]), 3000, 'bytes written');
      const got = drain(reader, 3000);
      got.forEach((value, at) => same(value, (next + at) & 0xff, `byte ${at} of round ${i}`));
      next = (next + 3000) & 0xff;
    }
  });
  test('an empty pipe with writers is EAGAIN, and reading nothing is nothing', ({ reader, writer }) => {
    same(reader.read([bytes(1)]), EAGAIN, 'read');
    same(reader.read([]), 0, 'empty read');
    same(writer.write([]), 0, 'empty write');
    same(reader.poll(), 0, 'poll of the reader');
    same(writer.poll(), POLLOUT, 'poll of the writer');
  });
  test('each end does one thing, and neither has positions', ({ reader, writer }) => {
    same(reader.write([bytes(1)]), EBADF, 'write to the reader');
    same(writer.read([bytes(1)]), EBADF, 'read from the writer');
    same(reader.read([bytes(1)], 0), ESPIPE, 'pread');
    same(writer.write([bytes(1)], 0), ESPIPE, 'pwrite');
    same(reader.seek(0, 0), ESPIPE, 'seek');
    same(reader.seekable, false, 'seekable');
  });
  test('writing wakes readers, reading wakes writers', ({ reader, writer, woken }) => {
    woken();
    writer.write([bytes(10)]);
    holds((woken() & POLLIN) !== 0, 'no POLLIN after a write');
    same(reader.poll(), POLLIN, 'poll of the reader');
    reader.read([bytes(10)]);
    holds((woken() & POLLOUT) !== 0, 'no POLLOUT after a read');
  });
}

function atomicityCases(test: Test): void {
  const fill = (writer: PipeFile, length: number): void => same(writer.write([bytes(length)]), length, 'filled');
  test('a write of up to PIPE_BUF bytes is all or nothing', ({ reader, writer, woken }) => {
    fill(writer, CAPACITY - 100);
    same(writer.write([bytes(101)]), EAGAIN, 'one byte too many');
    same(writer.write([bytes(PIPE_BUF)]), EAGAIN, 'PIPE_BUF bytes');
    same(reader.buffered, CAPACITY - 100, 'bytes in the pipe');
    same(writer.write([bytes(60), bytes(40)]), 100, 'what fits exactly');
    same(writer.write([bytes(1)]), EAGAIN, 'full');
    same(writer.poll(), 0, 'poll of the writer');
    woken();
    drain(reader, PIPE_BUF - 1);
    same(writer.poll(), 0, 'poll of the writer with less than PIPE_BUF free');
    drain(reader, 1);
    same(writer.poll(), POLLOUT, 'poll of the writer with PIPE_BUF free');
    holds((woken() & POLLOUT) !== 0, 'no POLLOUT');
  });
  test('a longer write takes what fits', ({ reader, writer }) => {
    fill(writer, CAPACITY - 10);
    same(writer.write([bytes(PIPE_BUF + 1)]), 10, 'bytes written');
    same(writer.write([bytes(PIPE_BUF + 1)]), EAGAIN, 'full');
    drain(reader, CAPACITY - 10);
    same(drain(reader, 10).join(), bytes(10).join(), 'the part that was taken');
    same(writer.write([bytes(CAPACITY + 5)]), CAPACITY, 'bytes written to an empty pipe');
  });
}

function hangUpCases(test: Test): void {
  test('the last writer gone: what is left, then the end', ({ reader, writer, woken }) => {
    writer.write([bytes(3)]);
    writer.retain();
    writer.release();
    same(reader.poll(), POLLIN, 'poll while a writer is left');
    woken();
    writer.release();
    holds((woken() & POLLHUP) !== 0, 'no POLLHUP');
    same(reader.poll(), POLLIN | POLLHUP, 'poll');
    drain(reader, 3);
    same(reader.read([bytes(1)]), 0, 'the end');
    same(reader.poll(), POLLHUP, 'poll at the end');
  });
  test('the last reader gone: EPIPE', ({ reader, writer, woken }) => {
    writer.write([bytes(3)]);
    woken();
    reader.release();
    holds((woken() & POLLERR) !== 0, 'no POLLERR');
    same(writer.write([bytes(1)]), EPIPE, 'write');
    same(writer.poll() & POLLERR, POLLERR, 'poll');
    same(writer.write([]), 0, 'empty write');
  });
}

function capacityCases(test: Test): void {
  test('capacity is a power of two of at least a page, and holds what is in it', ({ reader, writer }) => {
    same(writer.capacity, CAPACITY, 'capacity');
    same(writer.setCapacity(1), 4096, 'smallest');
    same(writer.setCapacity(5000), 8192, 'rounded up');
    same(writer.write([bytes(8192)]), 8192, 'filled');
    same(writer.write([bytes(1)]), EAGAIN, 'full');
    holds(writer.setCapacity(4096) < 0, 'shrunk below its contents');
    same(reader.setCapacity(16384), 16384, 'grown by the other end');
    same(writer.write([bytes(8192, 7)]), 8192, 'filled again');
    drain(reader, 8192);
    same(drain(reader, 8192).join(), bytes(8192, 7).join(), 'contents');
    holds(writer.setCapacity(0) < 0 && writer.setCapacity(1 << 30) < 0, 'impossible capacities');
  });
}

/** Runs steps on a pipe and on an array of bytes. */
function compare({ reader, writer }: PipeFixture, steps: readonly PipeStep[]): void {
  const queue: number[] = [];
  let next = 0;
  for (const step of steps) {
    if (step.kind === 'write') {
      const data = bytes(step.length, next);
      const free = CAPACITY - queue.length;
      const fits = step.length <= PIPE_BUF ? (step.length <= free ? step.length : 0) : Math.min(step.length, free);
      same(writer.write([data]), fits === 0 && step.length > 0 ? EAGAIN : fits, `write of ${step.length}`);
      for (const byte of data.subarray(0, fits)) queue.push(byte); // not spread: stacks of workers are small
      next = (next + fits) & 0xff;
    } else {
      const into = new Uint8Array(step.length);
      const count = Math.min(step.length, queue.length);
      same(reader.read([into]), count === 0 && step.length > 0 ? EAGAIN : count, `read of ${step.length}`);
      queue.splice(0, count).forEach((value, i) => same(into[i], value, `byte ${i}`));
    }
    same(reader.buffered, queue.length, 'bytes in the pipe');
  }
}

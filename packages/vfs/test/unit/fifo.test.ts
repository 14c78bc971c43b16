import { expect, test } from '@jest/globals';
import { EAGAIN, EINVAL, ENXIO, EPIPE, POLLIN, POLLOUT, S_IFIFO } from '@veridian-os/abi';
import { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY, type PipeFile } from '../../src/index.js';
import { readText, text, world } from '../helpers/world.js';

function withFifo() {
  const base = world();
  expect(base.vfs.mknod(base.context, '/fifo', S_IFIFO | 0o666, 0)).toBe(0);
  const open = (flags: number) => base.open('/fifo', flags) as PipeFile;
  return { ...base, open };
}

test('a reader is not connected, and waits for its first writer rather than seeing the end', () => {
  const { open, wait } = withFifo();
  const reader = open(O_RDONLY);
  expect(reader.connected).toBe(false);
  expect(readText(reader)).toBe(EAGAIN);
  expect(reader.poll()).toBe(0);
  wait.take(reader.waitQueue);
  const writer = open(O_WRONLY);
  expect(wait.take(reader.waitQueue) & (POLLIN | POLLOUT)).not.toBe(0);
  expect([reader.connected, writer.connected]).toEqual([true, true]);
  writer.write(text('hello'));
  writer.release();
  expect(readText(reader)).toBe('hello');
  expect(readText(reader)).toBe('');
});

test('a writer that came and went counts as having been there', () => {
  const { open } = withFifo();
  const reader = open(O_RDONLY);
  open(O_WRONLY).release();
  expect(reader.connected).toBe(true);
  expect(readText(reader)).toBe('');
});

test('a writer is not connected until a reader comes', () => {
  const { open } = withFifo();
  const writer = open(O_WRONLY);
  expect(writer.connected).toBe(false);
  expect(writer.write(text('x'))).toBe(EAGAIN);
  const reader = open(O_RDONLY);
  expect(writer.connected).toBe(true);
  expect(writer.write(text('x'))).toBe(1);
  reader.release();
  expect(writer.write(text('x'))).toBe(EPIPE);
});

test('without waiting, readers open at once and writers need a reader', () => {
  const { open, vfs, context } = withFifo();
  expect(vfs.open(context, '/fifo', O_WRONLY | O_NONBLOCK, 0)).toBe(ENXIO);
  const reader = open(O_RDONLY | O_NONBLOCK);
  expect(reader.connected).toBe(true);
  expect(readText(reader)).toBe('');
  const writer = open(O_WRONLY | O_NONBLOCK);
  expect(readText(reader)).toBe(EAGAIN);
  writer.write(text('now'));
  expect(readText(reader)).toBe('now');
});

test('O_RDWR is both ends', () => {
  const { open } = withFifo();
  const both = open(O_RDWR);
  expect(both.connected).toBe(true);
  expect(both.write(text('echo'))).toBe(4);
  expect(readText(both)).toBe('echo');
  expect(readText(both)).toBe(EAGAIN);
});

test('what is in a FIFO is lost with its last end, and the queue is freed', () => {
  const { open, wait, vfs, context } = withFifo();
  const queues = wait.live.size;
  const both = open(O_RDWR);
  both.write(text('lost'));
  both.release();
  expect(wait.live.size).toBe(queues);
  expect(readText(open(O_RDONLY | O_NONBLOCK))).toBe('');
  expect(vfs.open(context, '/fifo', 3, 0)).toBe(EINVAL);
});

test('an unlinked FIFO goes on working for those who have it', () => {
  const { open, vfs, context } = withFifo();
  const both = open(O_RDWR);
  expect(vfs.unlink(context, '/fifo')).toBe(0);
  both.write(text('still'));
  expect(readText(both)).toBe('still');
});

test('FIONREAD tells how much is there, fstat what it is', () => {
  const { open, stat } = withFifo();
  const both = open(O_RDWR);
  both.write(text('12345'));
  const out = new Uint8Array(4);
  expect(both.ioctl(0x541b, out)).toBe(0);
  expect([...out]).toEqual([5, 0, 0, 0]);
  expect(stat('/fifo')).toMatchObject({ mode: S_IFIFO | 0o644, size: 0 });
});

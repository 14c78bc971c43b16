import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ECHO, ICANON, ISIG, LineDiscipline, SIGINT, SIGTSTP } from '../../src/index.js';

function setUp() {
  const screen: number[] = [];
  const signals: number[] = [];
  const line = new LineDiscipline({
    echo: (bytes) => void screen.push(...bytes),
    signal: (signal) => void signals.push(signal),
    readable: () => undefined,
  });
  const type = (text: string): void => {
    for (const byte of new TextEncoder().encode(text)) line.input(byte);
  };
  const read = (size = 100): string | number => {
    const into = new Uint8Array(size);
    const count = line.read(into);
    return count < 0 ? count : new TextDecoder().decode(into.subarray(0, count));
  };
  return { line, type, read, signals, screen: () => new TextDecoder().decode(Uint8Array.from(screen)) };
}

describe('line discipline', () => {
  it('hands over whole lines, carriage return as newline, with echo', () => {
    const { type, read, line, screen } = setUp();
    type('ab');
    expect(line.hasInput).toBe(false);
    type('c\rd\r');
    expect(read()).toBe('abc\n');
    expect(read()).toBe('d\n');
    expect(read()).toBe(-1);
    expect(screen()).toBe('abc\r\nd\r\n');
  });

  it('splits a line over short reads and never joins two', () => {
    const { type, read } = setUp();
    type('hello\nx\n');
    expect(read(3)).toBe('hel');
    expect(read(100)).toBe('lo\n');
    expect(read(100)).toBe('x\n');
  });

  it('erases characters, words and lines, also of UTF-8', () => {
    const { type, read } = setUp();
    type('aé\u007f\u007fb one two\u0017x\n');
    expect(read()).toBe('b one x\n');
    type('gone\u0015kept\n');
    expect(read()).toBe('kept\n');
  });

  it('reports the end of the file once per Ctrl-D', () => {
    const { type, read } = setUp();
    type('part\u0004');
    expect(read()).toBe('part');
    type('\u0004');
    expect(read()).toBe('');
    expect(read()).toBe(-1);
  });

  it('turns control characters into signals and forgets what was typed', () => {
    const { type, read, signals, line } = setUp();
    type('half\u0003\u001a');
    expect(signals).toEqual([SIGINT, SIGTSTP]);
    line.termios.local &= ~ISIG;
    type('\u0003\n');
    expect(read()).toBe('\u0003\n');
    expect(signals).toHaveLength(2);
  });

  it('delivers bytes at once and unchanged in raw mode', () => {
    fc.assert(
      fc.property(fc.uint8Array({ min: 0, max: 127, maxLength: 64 }), (bytes) => {
        const { line } = setUp();
        line.termios.local &= ~(ICANON | ECHO | ISIG);
        line.termios.input = 0;
        for (const byte of bytes) line.input(byte);
        const into = new Uint8Array(128);
        const count = Math.max(0, line.read(into));
        expect([...into.subarray(0, count)]).toEqual([...bytes]);
      }),
    );
  });

  it('expands newlines on output', () => {
    const { line } = setUp();
    expect([...line.output(Uint8Array.of(97, 10, 98))]).toEqual([97, 13, 10, 98]);
  });
});

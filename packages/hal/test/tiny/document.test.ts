/** The code in docs/write-your-own-machine.md is the code that the tests run, indentation aside. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const squeeze = (text: string): string => text.replace(/\s+/g, ' ').trim();
const read = (...path: string[]): string => readFileSync(join(__dirname, ...path), 'utf8');

describe('docs/write-your-own-machine.md', () => {
  const page = read('../../../../docs/write-your-own-machine.md');
  const sources = squeeze(
    ['tiny-machine.ts', 'tiny-cpu.ts', 'tiny-machine.test.ts'].map((name) => read(name)).join('\n'),
  );
  const blocks = [...page.matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1]);

  it('quotes the machine', () => expect(blocks.length).toBeGreaterThan(5));

  it.each(blocks.map((block) => [block.split('\n')[0], block]))('%s', (_first, block) => {
    expect(sources).toContain(squeeze(block));
  });
});

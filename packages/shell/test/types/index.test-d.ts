import { expectTypeOf } from 'expect-type';
import type { KernelOptions, TaskMain } from '@veridian-os/kernel';
import {
  parse,
  program,
  programs,
  type AndOr,
  type EditorEvent,
  type LineEditor,
  type Step,
  type Token,
  type Utility,
  type Word,
} from '@veridian-os/shell';
import { shellKit, type RunScript } from '@veridian-os/shell/testing';

expectTypeOf(programs).toExtend<NonNullable<KernelOptions['programs']>>();
expectTypeOf(program).returns.toEqualTypeOf<TaskMain>();
expectTypeOf(parse).returns.toEqualTypeOf<AndOr[]>();
expectTypeOf<LineEditor['push']>().returns.toEqualTypeOf<EditorEvent | undefined>();
expectTypeOf<RunScript>().toBeCallableWith('true');
expectTypeOf(shellKit).parameter(2).toEqualTypeOf<RunScript>();

/** A body may call other steps, and needs no annotation. */
const utility: Utility = {
  name: 'twice',
  summary: 'say it twice',
  usage: '',
  options: 'n:',
  *run(tool) {
    expectTypeOf(tool.value('n')).toEqualTypeOf<string | undefined>();
    for (const word of tool.operands) yield* say(word);
    return 0;

    function* say(word: string): Step<void> {
      yield* tool.print(`${word} ${word}\n`);
    }
  },
};
program(utility);

declare const token: Token;
// @ts-expect-error only words have parts
void token.word;
if (token.kind === 'word') expectTypeOf(token.word).toEqualTypeOf<Word>();
// @ts-expect-error a utility has a status
program({ name: 'x', summary: 'x', usage: '', options: '', *run() {} });

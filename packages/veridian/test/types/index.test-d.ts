import { expectTypeOf } from 'expect-type';
import { run, type LimitName, type RunOptions, type RunResult } from '@veridian-os/veridian';

const program = new Uint8Array();
expectTypeOf(run).toBeCallableWith(program);
expectTypeOf(run).toBeCallableWith(program, { stdin: 'text', signal: AbortSignal.abort(), limits: { timeMs: 1 } });
expectTypeOf(run).returns.toEqualTypeOf<Promise<RunResult>>();

// Sources and sinks of every kind.
expectTypeOf<Uint8Array | string | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>>().toExtend<
  RunOptions['stdin']
>();
expectTypeOf<WritableStream<Uint8Array> | ((bytes: Uint8Array) => void)>().toExtend<RunOptions['stdout']>();
async function* pieces(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(program);
}
expectTypeOf(run).toBeCallableWith(program, { stdin: pieces() });

// The kind says what else there is.
declare const result: RunResult;
switch (result.kind) {
  case 'limit':
    expectTypeOf(result.limit).toEqualTypeOf<LimitName>();
    break;
  case 'signal':
    expectTypeOf(result.signalName).toEqualTypeOf<string>();
    break;
  case 'refused':
    expectTypeOf(result.reason).toEqualTypeOf<string>();
    break;
  default:
    expectTypeOf(result.kind).toEqualTypeOf<'exit' | 'aborted' | 'deadlock'>();
}
expectTypeOf(result.status).toEqualTypeOf<number>();
expectTypeOf<LimitName>().toEqualTypeOf<'instructions' | 'memory' | 'time' | 'output' | 'processes' | 'descriptors'>();

// @ts-expect-error only a limit has one
void result.limit;
// @ts-expect-error a path is no program
void run('/bin/true');
// @ts-expect-error limits are named
void run(program, { limits: { cpu: 1 } });
// @ts-expect-error output goes to a function or a stream
void run(program, { stdout: 'file' });

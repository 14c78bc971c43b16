import { expectTypeOf } from 'expect-type';
import type { Machine } from '@veridian-os/hal';
import type { Personality } from '@veridian-os/kernel';
import { LinuxPersonality, linux, type LinuxOptions } from '@veridian-os/linux';
import { runScript, type CallRequest, type Script, type ScriptResult } from '@veridian-os/linux/testing';

expectTypeOf(linux()).toEqualTypeOf<Personality>();
expectTypeOf(linux).parameter(0).toEqualTypeOf<LinuxOptions | undefined>();
expectTypeOf(new LinuxPersonality({ release: '6.1.0' })).toExtend<Personality>();
// @ts-expect-error options are named
linux('6.1.0');

declare const machine: Machine;
const script: Script = function* (guest) {
  const fd = yield ['openat', -100, guest.string('/tmp'), 0];
  expectTypeOf(fd).toBeNumber();
};
expectTypeOf(runScript(script, { machine })).toEqualTypeOf<Promise<ScriptResult>>();
// @ts-expect-error a script needs a machine
void runScript(script);
expectTypeOf<['read', 3, 4096, 8]>().toExtend<CallRequest>();

import { expectTypeOf } from 'expect-type';
import type { Errno } from '@veridian-os/abi';
import {
  buildInitialStack,
  chooseBase,
  parseElf,
  parseElfHeaders,
  parseShebang,
  type ElfError,
  type ElfHeadersNeeded,
  type ElfImage,
  type InitialStack,
  type Shebang,
} from '@veridian-os/elf';
import { buildElf, parseInitialStack } from '@veridian-os/elf/testing';

declare const bytes: Uint8Array;
const whole = parseElf(bytes);
expectTypeOf(whole).toEqualTypeOf<ElfImage | ElfError>();
if (whole.ok) expectTypeOf(whole).toEqualTypeOf<ElfImage>();
else expectTypeOf(whole.field).toBeString();

const part = parseElfHeaders([{ offset: 0, bytes }], 4096);
expectTypeOf(part).toEqualTypeOf<ElfImage | ElfError | ElfHeadersNeeded>();
if (part.ok === 'more') expectTypeOf(part.offset).toBeNumber();
// @ts-expect-error 'more' is truthy: it must be compared with true
if (part.ok) expectTypeOf(part.segments).toBeArray();
if (part.ok === true) expectTypeOf(part).toEqualTypeOf<ElfImage>();

expectTypeOf(parseShebang(bytes)).toEqualTypeOf<Shebang | undefined | Errno>();
expectTypeOf(chooseBase).parameter(0).toEqualTypeOf<ElfImage>();
expectTypeOf(chooseBase).returns.toEqualTypeOf<number | Errno>();
expectTypeOf(buildInitialStack).returns.toEqualTypeOf<InitialStack | Errno>();
// @ts-expect-error an image is read-only
if (whole.ok) whole.entry = 0;
// @ts-expect-error only the machines that are known
parseElf(bytes, { machine: 'mips' });

expectTypeOf(buildElf).returns.toExtend<Uint8Array>();
expectTypeOf(parseInitialStack).parameters.toEqualTypeOf<[bytes: Uint8Array, stackPointer: number]>();

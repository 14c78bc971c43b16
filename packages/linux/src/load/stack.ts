/** The main stack: its mapping and what a program finds there. */

import { PAGE_SIZE } from '@veridian-os/abi';
import { AT_MINSIGSTKSZ, buildInitialStack } from '@veridian-os/elf';
import type { Blocking, ExecImage } from '@veridian-os/kernel';
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '@veridian-os/memory';
import type { Call } from '../call.js';
import { USER_HZ } from '../layout/system.js';
import { encodeText } from '../text.js';
import type { LoadedImage } from './load.js';

/** Mapped at once, as Linux does after laying out the arguments; the rest grows on faults. */
const INITIAL_BYTES = 32 * PAGE_SIZE;
/** Room for arguments when the stack limit is large: a quarter of it, at most 6 MiB (_STK_LIM / 4 * 3). */
const MAX_ARGUMENT_BYTES = 6 * 1024 * 1024;

/** Maps `[stack]` below the ISA's stack top; it grows to `limit` bytes. */
export function mapStack(call: Call, executable: boolean, limit: number): number {
  const { stackTop } = call.linux.isa;
  const growLimit = Math.max(Math.ceil(limit / PAGE_SIZE) * PAGE_SIZE, INITIAL_BYTES);
  return call.space.map({
    address: stackTop - INITIAL_BYTES,
    length: INITIAL_BYTES,
    prot: PROT_READ | PROT_WRITE | (executable ? PROT_EXEC : 0),
    shared: false,
    placement: 'exact',
    label: '[stack]',
    growLimit,
  });
}

/** Where the interpreter and the vDSO are, 0 = there is none. */
export interface OtherBases {
  readonly interpreter: number;
  readonly vdso: number;
}

/** Writes arguments, environment and auxiliary vector: the stack pointer, or E2BIG, EFAULT, ENOMEM. */
export function* buildStack(call: Call, exec: ExecImage, program: LoadedImage, bases: OtherBases): Blocking<number> {
  const { isa, options } = call.linux;
  const stack = buildInitialStack({
    top: isa.stackTop,
    args: exec.args.map(encodeText),
    env: exec.env.map(encodeText),
    execName: encodeText(exec.path),
    random16: random16(call),
    auxiliary: auxiliary(call, program, bases),
    stringAlign: isa.stringAlign,
    ...(isa.processor.platform === undefined ? {} : { platform: isa.processor.platform }),
    maxBytes: Math.min(Math.floor(options.stackBytes / 4), MAX_ARGUMENT_BYTES),
  });
  if (typeof stack === 'number') return stack;
  const written = yield* call.putBytes(stack.stackPointer, stack.bytes);
  return written < 0 ? written : stack.stackPointer;
}

/** AT_RANDOM. A process without the Entropy capability gets no randomness by this way either: zeroes. */
function random16(call: Call): Uint8Array {
  const bytes = new Uint8Array(16);
  call.kernel.entropy(call.process, bytes);
  return bytes;
}

function auxiliary(call: Call, { base, image }: LoadedImage, { interpreter, vdso }: OtherBases) {
  const { process, linux } = call;
  const { processor, frame } = linux.isa;
  return {
    programHeaders: image.programHeaders === 0 ? 0 : base + image.programHeaders,
    programHeaderBytes: image.programHeaderBytes,
    programHeaderCount: image.programHeaderCount,
    base: interpreter,
    entry: base + image.entry,
    uid: process.uid,
    euid: process.uid,
    gid: process.gid,
    egid: process.gid,
    hwcap: processor.hwcap,
    ...(processor.hwcap2 === undefined ? {} : { hwcap2: processor.hwcap2 }),
    clockTick: USER_HZ,
    secure: false,
    ...(vdso === 0 ? {} : { vdso }),
    extra: [[AT_MINSIGSTKSZ, frame.minimumStack]] as const,
  };
}

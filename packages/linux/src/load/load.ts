/** execve's second half: a fresh address space becomes a running program. Source: Linux fs/binfmt_elf.c. */
import type { Errno } from '@veridian-os/abi';
import { PAGE_SIZE, highWord, lowWord } from '@veridian-os/abi';
import { chooseBase, type ElfImage } from '@veridian-os/elf';
import { Limit, type Blocking, type ExecImage } from '@veridian-os/kernel';
import { PROT_EXEC, PROT_READ } from '@veridian-os/memory';
import type { Call } from '../call.js';
import { Vdso } from '../vdso/vdso.js';
import { mapImage } from './map-image.js';
import { buildStack, mapStack } from './stack.js';

/** Where the parts of a program ended up. */
export interface LoadedImage {
  readonly base: number;
  readonly image: ElfImage;
}

/**
 * Maps program, interpreter, stack and signal-return code, and points the registers at the first instruction.
 * 0, or an Errno after which the process cannot go on.
 */
export function* loadProgram(call: Call, exec: ExecImage): Blocking<0 | Errno> {
  const base = chooseBase(exec.image);
  if (base < 0) return base as Errno;
  const program = { base, image: exec.image };
  const mapped = yield* mapImage(call, exec.image, exec.file, base);
  if (mapped < 0) return mapped;
  const interpreter = yield* mapInterpreter(call, exec);
  if (typeof interpreter === 'number') return interpreter;

  const heap = Math.ceil((base + exec.image.end) / PAGE_SIZE) * PAGE_SIZE;
  const vdso = mapVdso(call);
  if (typeof vdso === 'number') return vdso;
  call.shared.image = { heapStart: heap, heapEnd: heap, trampoline: vdso.sigreturn };

  const stack = mapStack(call, exec.image.executableStack, stackLimit(call));
  if (stack < 0) return stack as Errno;
  const sp = yield* buildStack(call, exec, program, { interpreter: interpreter?.base ?? 0, vdso: vdso.image });
  if (sp < 0) return sp as Errno;
  start(call, sp, interpreter ?? program);
  call.linux.tracer?.loaded(call, exec);
  return 0;
}

function* mapInterpreter(call: Call, exec: ExecImage): Blocking<LoadedImage | Errno | undefined> {
  if (exec.interpreter === undefined) return undefined;
  const { image, file } = exec.interpreter;
  const base = chooseBase(image, { below: call.linux.isa.interpreterTop });
  if (base < 0) return base as Errno;
  const mapped = yield* mapImage(call, image, file, base);
  return mapped === 0 ? { base, image } : mapped;
}

/** The vDSO's image, 0 = none; and the signal-return code. */
function mapVdso(call: Call): { readonly image: number; readonly sigreturn: number } | Errno {
  const { vdso } = call.linux;
  if (vdso instanceof Vdso) return vdso.map(call.space, call.kernel.time.knowsDay(call.process));
  const sigreturn = call.space.map({
    address: 0,
    length: PAGE_SIZE,
    prot: PROT_READ | PROT_EXEC,
    shared: false,
    source: vdso,
    label: '[vdso]',
  });
  return sigreturn < 0 ? (sigreturn as Errno) : { image: 0, sigreturn };
}

/** Bytes that the main stack may grow to: the soft limit, at most a sixth of the address space as Linux keeps free. */
function stackLimit(call: Call): number {
  const { isa, options } = call.linux;
  const soft = call.process.limits[Limit.Stack * 2];
  return soft === Infinity ? options.stackBytes : Math.min(soft, Math.floor(isa.stackTop / 6));
}

function start(call: Call, sp: number, first: LoadedImage): void {
  const { isa } = call.linux;
  const entry = first.base + first.image.entry;
  call.registers[isa.pcWord] = lowWord(entry);
  call.registers[isa.pcWord + 1] = highWord(entry);
  call.registers[isa.spWord] = lowWord(sp);
  call.registers[isa.spWord + 1] = highWord(sp);
  for (const [word, value] of isa.startWords) call.registers[word] = value;
  if (isa.initialFp !== undefined) call.kernel.machine.contexts.restoreFp(call.thread.context, isa.initialFp);
}

/** The vDSO's functions on x86_64. Source: System V ABI for AMD64, section 3.2.3; vdso(7). */
import { CodeBuffer, to, x86_64 as x86, type Code } from '@veridian-os/assembler';
import {
  MONOTONIC_CLOCKS,
  NS_PER_SECOND,
  REAL_CLOCKS,
  TEXT_FROM_DATA,
  type VdsoCode,
  type VdsoFunction,
} from './code.js';
import { DATA } from './data-page.js';

const { RAX, RCX, RDX, RSI, RDI, R8, R9, R11, EAX, ECX, EDX, CL, EDI, mem32, mem64, r32 } = x86;
const R10D = r32(10);

const CLOCK_GETTIME = 228;
const CLOCK_GETRES = 229;
const GETCPU = 309;
const INT3 = 0xcc;

const onlyIf = (condition: x86.Condition, label: string): Code => to(label, (offset) => x86.jcc(condition, offset));
const dataPage = (): Code => to('text', (offset) => x86.lea(R8, x86.relative(offset - TEXT_FROM_DATA)));

/** eax = 1 << edi; to `system` where edi is no clock of the page. */
const clockBit = (system: string): Code => [
  x86.cmp(EDI, 31),
  onlyIf('a', system),
  x86.mov(ECX, EDI),
  x86.mov(EAX, 1),
  x86.shl(EAX, CL),
];

/** rax = seconds, rdx = nanoseconds of the time at r9 in the page at r8; changes rcx, r10, r11. */
function readTime(code: CodeBuffer, name: string): void {
  code.label(`${name} again`).emit(
    x86.mov(R10D, mem32(R8, DATA.GENERATION)),
    x86.lfence(), // or the counter might be read before what came earlier in the program
    x86.rdtsc(),
    x86.shl(RDX, 32),
    x86.or(RAX, RDX),
    x86.sub(RAX, mem64(R8, DATA.START)),
    onlyIf('ae', `${name} later`),
    x86.xor(EAX, EAX), // another processor's counter, some ticks behind
  );
  code
    .label(`${name} later`)
    .emit(
      x86.mul(mem64(R8, DATA.MULTIPLIER)),
      x86.mov(ECX, mem32(R8, DATA.SHIFT)),
      x86.shr(RAX, CL),
      x86.mov(R11, mem64(R9)),
      x86.add(RAX, mem64(R9, 8)),
      x86.cmp(R10D, mem32(R8, DATA.GENERATION)),
      onlyIf('ne', `${name} again`),
      x86.xor(EDX, EDX),
      x86.mov(ECX, NS_PER_SECOND),
      x86.div(RCX),
      x86.add(RAX, R11),
    );
}

function clockGettime(code: CodeBuffer): void {
  code.emit(
    dataPage(),
    clockBit('gettime call'),
    x86.lea(R9, x86.mem(R8, DATA.MONOTONIC)),
    x86.test(EAX, MONOTONIC_CLOCKS),
    onlyIf('ne', 'gettime again'),
    x86.lea(R9, x86.mem(R8, DATA.REAL)),
    x86.test(EAX, REAL_CLOCKS),
    onlyIf('e', 'gettime call'),
  );
  readTime(code, 'gettime');
  code.emit(x86.mov(mem64(RSI), RAX), x86.mov(mem64(RSI, 8), RDX), x86.xor(EAX, EAX), x86.ret());
  code.label('gettime call').emit(x86.mov(EAX, CLOCK_GETTIME), x86.syscall(), x86.ret());
}

function gettimeofday(code: CodeBuffer): void {
  code.emit(x86.test(RDI, RDI), onlyIf('e', 'zone'), dataPage(), x86.lea(R9, x86.mem(R8, DATA.REAL)));
  readTime(code, 'day');
  code.emit(
    x86.mov(mem64(RDI), RAX),
    x86.mov(RAX, RDX),
    x86.xor(EDX, EDX),
    x86.mov(ECX, 1000),
    x86.div(RCX),
    x86.mov(mem64(RDI, 8), RAX),
  );
  code.label('zone').emit(x86.xor(EAX, EAX), x86.test(RSI, RSI), onlyIf('e', 'no zone'), x86.mov(mem64(RSI), RAX));
  code.label('no zone').emit(x86.ret());
}

function time(code: CodeBuffer): void {
  code.emit(dataPage(), x86.lea(R9, x86.mem(R8, DATA.REAL)));
  readTime(code, 'time');
  code.emit(x86.test(RDI, RDI), onlyIf('e', 'time told'), x86.mov(mem64(RDI), RAX));
  code.label('time told').emit(x86.ret());
}

function clockGetres(code: CodeBuffer): void {
  code.emit(
    clockBit('getres call'),
    x86.test(EAX, MONOTONIC_CLOCKS | REAL_CLOCKS),
    onlyIf('e', 'getres call'),
    x86.test(RSI, RSI),
    onlyIf('e', 'getres told'),
    x86.mov(mem64(RSI), 0),
    x86.mov(mem64(RSI, 8), 1),
  );
  code.label('getres told').emit(x86.xor(EAX, EAX), x86.ret());
  code.label('getres call').emit(x86.mov(EAX, CLOCK_GETRES), x86.syscall(), x86.ret());
}

/** Nothing says without a call which of several CPUs this is. */
function getcpu(code: CodeBuffer): void {
  code.emit(dataPage(), x86.xor(EAX, EAX), x86.cmp(mem32(R8, DATA.CPUS), 1), onlyIf('ne', 'getcpu call'));
  code.emit(x86.test(RDI, RDI), onlyIf('e', 'node'), x86.mov(mem32(RDI), EAX));
  code.label('node').emit(x86.test(RSI, RSI), onlyIf('e', 'getcpu told'), x86.mov(mem32(RSI), EAX));
  code.label('getcpu told').emit(x86.ret());
  code.label('getcpu call').emit(x86.mov(EAX, GETCPU), x86.syscall(), x86.ret());
}

const FUNCTIONS = {
  clock_gettime: clockGettime,
  gettimeofday,
  time,
  clock_getres: clockGetres,
  getcpu,
};

/** @param sigreturnCode what makes rt_sigreturn */
export function x86Vdso(sigreturnCode: Uint8Array): VdsoCode {
  const code = new CodeBuffer().label('text');
  const functions = Object.entries(FUNCTIONS).map(([alias, emit]): VdsoFunction => {
    const offset = code.align(16, INT3).size;
    emit(code);
    return { name: `__vdso_${alias}`, offset, bytes: code.size - offset, alias };
  });
  const leafBytes = code.size;
  const sigreturn = code.align(16, INT3).size;
  code.emit(sigreturnCode);
  return { bytes: code.finish(), functions, version: 'LINUX_2.6', leafBytes, sigreturn };
}

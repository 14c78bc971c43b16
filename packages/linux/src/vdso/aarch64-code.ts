/** The vDSO's functions on aarch64. Source: Procedure Call Standard for the Arm 64-bit Architecture; vdso(7). */
import { CodeBuffer, aarch64 as arm, to, type Code } from '@veridian-os/assembler';
import {
  MONOTONIC_CLOCKS,
  NS_PER_SECOND,
  REAL_CLOCKS,
  TEXT_FROM_DATA,
  type VdsoCode,
  type VdsoFunction,
} from './code.js';
import { DATA } from './data-page.js';

const { W0, X0, X1, X2, X3, X4, X5, X6, X7, X8, XZR, mem, w, x } = arm;
const [X9, X10] = [9, 10].map(x);
const W9 = w(9);

const CLOCK_GETTIME = 113;
const CLOCK_GETRES = 114;

const jumpIf = (condition: arm.Condition, label: string): Code => to(label, (offset) => arm.bCond(condition, offset));
const ifZero = (register: arm.Register, label: string): Code => to(label, (offset) => arm.cbz(register, offset));
const dataPage = (): Code => to('text', (offset) => arm.adr(X3, offset - TEXT_FROM_DATA));

/** x2 = 1 << w0; to `system` where w0 is no clock of the page. */
const clockBit = (system: string): Code => [
  arm.cmp(W0, 31),
  jumpIf('hi', system),
  arm.movz(X2, 1),
  arm.lslv(X2, X2, X0),
];

/** x5 = seconds, x6 = nanoseconds of the time at x4 in the page at x3; changes x7 to x10. */
function readTime(code: CodeBuffer, name: string): void {
  code.label(`${name} again`).emit(
    arm.ldr(W9, mem(X3, DATA.GENERATION)),
    arm.isb(), // or the counter might be read before what came earlier in the program
    arm.mrs(X6, 'cntvct_el0'),
    arm.ldr(X7, mem(X3, DATA.START)),
    arm.subs(X6, X6, X7),
    arm.csel(X6, XZR, X6, 'cc'),
    arm.ldr(X7, mem(X3, DATA.MULTIPLIER)),
    arm.mul(X6, X6, X7),
    arm.ldr(w(7), mem(X3, DATA.SHIFT)),
    arm.lsrv(X6, X6, X7),
    arm.ldp(X5, X7, mem(X4)),
    arm.add(X6, X6, X7),
    arm.ldr(w(10), mem(X3, DATA.GENERATION)),
    arm.cmp(W9, w(10)),
    jumpIf('ne', `${name} again`),
    arm.movz(X7, NS_PER_SECOND & 0xffff),
    arm.movk(X7, NS_PER_SECOND >>> 16, 16),
    arm.udiv(X9, X6, X7),
    arm.mul(X10, X9, X7),
    arm.sub(X6, X6, X10),
    arm.add(X5, X5, X9),
  );
}

const call = (number: number): Code => [arm.movz(X8, number), arm.svc(0), arm.ret()];

function clockGettime(code: CodeBuffer): void {
  code.emit(
    dataPage(),
    clockBit('gettime call'),
    arm.add(X4, X3, DATA.MONOTONIC),
    arm.movz(X5, MONOTONIC_CLOCKS),
    arm.tst(X2, X5),
    jumpIf('ne', 'gettime again'),
    arm.add(X4, X3, DATA.REAL),
    arm.movz(X5, REAL_CLOCKS),
    arm.tst(X2, X5),
    jumpIf('eq', 'gettime call'),
  );
  readTime(code, 'gettime');
  code.emit(arm.stp(X5, X6, mem(X1)), arm.mov(X0, XZR), arm.ret());
  code.label('gettime call').emit(call(CLOCK_GETTIME));
}

function gettimeofday(code: CodeBuffer): void {
  code.emit(ifZero(X0, 'zone'), dataPage(), arm.add(X4, X3, DATA.REAL));
  readTime(code, 'day');
  code.emit(arm.movz(X7, 1000), arm.udiv(X6, X6, X7), arm.stp(X5, X6, mem(X0)));
  code.label('zone').emit(ifZero(X1, 'no zone'), arm.str(XZR, mem(X1)));
  code.label('no zone').emit(arm.mov(X0, XZR), arm.ret());
}

function clockGetres(code: CodeBuffer): void {
  code.emit(
    clockBit('getres call'),
    arm.movz(X3, MONOTONIC_CLOCKS | REAL_CLOCKS),
    arm.tst(X2, X3),
    jumpIf('eq', 'getres call'),
    ifZero(X1, 'getres told'),
    arm.movz(X4, 1),
    arm.stp(XZR, X4, mem(X1)),
  );
  code.label('getres told').emit(arm.mov(X0, XZR), arm.ret());
  code.label('getres call').emit(call(CLOCK_GETRES));
}

const FUNCTIONS = {
  __kernel_clock_gettime: clockGettime,
  __kernel_gettimeofday: gettimeofday,
  __kernel_clock_getres: clockGetres,
};

/** @param sigreturnCode what makes rt_sigreturn */
export function aarch64Vdso(sigreturnCode: Uint8Array): VdsoCode {
  const code = new CodeBuffer().label('text');
  const functions = Object.entries(FUNCTIONS).map(([name, emit]): VdsoFunction => {
    const offset = code.size;
    emit(code);
    return { name, offset, bytes: code.size - offset };
  });
  const leafBytes = code.size;
  // Unwinders look at the instruction before a return address: it must not belong to the last function.
  const sigreturn = code.emit(arm.nop()).size;
  code.emit(sigreturnCode);
  functions.push({ name: '__kernel_rt_sigreturn', offset: sigreturn, bytes: sigreturnCode.length });
  return { bytes: code.finish(), functions, version: 'LINUX_2.6.39', leafBytes, sigreturn };
}

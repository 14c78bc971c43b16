/** aarch64: what the monitor's main paths call: forgetting, the timer, the doorbell, floating-point registers. */
import { aarch64 as arm, type CodeBuffer } from '@veridian-os/assembler';
import { CPU_AREAS, CPU_BYTES, KICK, MAILBOX as M } from '../layout.js';
import * as board from './aarch64-board.js';
import { CONTEXT, ifNot, ifZero, jump, onlyIf, set } from './aarch64-board.js';

const { X0, X1, X2, X3, X4, X6, X19, X20, XZR, W0, W1, W2, W4, W5, W7, mem, q } = arm;
const { GICC, GICC_EOIR, GICC_IAR, GICD, GICD_SGIR, NO_INTID, RAM, TIMER_INTID, UART, UART_FLAGS, UART_INTID } = board;

/** Translations and code that the host has changed: nobody here uses the old ones afterwards. Changes x0..x5. */
export function forget(code: CodeBuffer): void {
  code
    .label('forget')
    .emit(
      arm.ldr(W5, mem(X19, M.FORGET)),
      arm.ldr(W0, mem(X19, M.FORGOTTEN)),
      arm.cmp(W5, W0),
      arm.bCond('ne', 8),
      arm.ret(),
      arm.dmb('sy'),
      arm.ldr(W0, mem(X19, M.FLUSH)),
      ifZero(W0, 'syncSome'),
      arm.tlbi('vmalle1'),
      arm.dsb('nsh'),
    );
  // Storing every word over itself makes QEMU drop what it translated from it; an atomic store where others run.
  code
    .label('syncSome')
    .emit(
      arm.ldr(W0, mem(X19, M.SYNC_COUNT)),
      arm.add(X1, X19, M.SYNC_LIST),
      arm.ldr(W4, mem(X19, M.CPUS)),
      arm.sub(W4, W4, 1),
    );
  code.label('syncNext').emit(ifZero(W0, 'forgotten'), arm.ldp(X2, X3, mem(X1)), arm.add(X3, X3, X2));
  code.label('syncWord').emit(ifNot(W4, 'syncAtomic'), arm.ldr(X6, mem(X2)), arm.str(X6, mem(X2)), jump('synced'));
  code.label('syncAtomic').emit(arm.ldset(XZR, X6, X2));
  code
    .label('synced')
    .emit(
      arm.add(X2, X2, 8),
      arm.cmp(X2, X3),
      onlyIf('cc', 'syncWord'),
      arm.add(X1, X1, 16),
      arm.sub(W0, W0, 1),
      jump('syncNext'),
    );
  code.label('forgotten').emit(arm.isb(), arm.dmb('sy'), arm.str(W5, mem(X19, M.FORGOTTEN)), arm.ret());

  // Sets the timer to x0. Changes x1.
  code
    .label('setTimer')
    .emit(
      arm.str(X0, mem(X19, M.ARMED)),
      arm.msr('cntv_cval_el0', X0),
      arm.movz(X1, 1),
      arm.msr('cntv_ctl_el0', X1),
      arm.isb(),
      arm.ret(),
    );
}

/** Takes every pending interrupt and passes the bell on to CPUs that wait. Changes x0..x7. */
export function doorbell(code: CodeBuffer): void {
  code.label('drain').emit(set(X4, board.virtual(GICC)));
  code.label('drainNext').emit(
    arm.ldr(W5, mem(X4, GICC_IAR)),
    arm.and(W0, W5, 0x3ff),
    arm.cmp(W0, NO_INTID),
    arm.bCond('cc', 8),
    arm.ret(),
    arm.cmp(W0, UART_INTID),
    onlyIf('eq', 'drainUart'),
    arm.cmp(W0, TIMER_INTID),
    onlyIf('ne', 'taken'),
    // The timer: off until it is set again.
    arm.msr('cntv_ctl_el0', XZR),
    arm.movn(X0, 0),
    arm.str(X0, mem(X19, M.ARMED)),
    arm.isb(),
  );
  code.label('taken').emit(arm.str(W5, mem(X4, GICC_EOIR)), jump('drainNext'));
  code.label('drainUart').emit(set(X6, board.virtual(UART)));
  code.label('drainByte').emit(
    arm.ldr(W0, mem(X6, UART_FLAGS)),
    { label: 'relay', byOffset: (offset) => arm.tbnz(W0, board.UART_RECEIVE_EMPTY_BIT, offset) },
    arm.ldr(W0, mem(X6)),
    arm.and(W0, W0, 0xff),
    arm.cmp(W0, KICK),
    onlyIf('cc', 'drainByte'),
    // KICK + n is a kick of CPU n.
    arm.sub(W0, W0, KICK),
    set(X1, board.virtual(RAM + CPU_AREAS + M.KICK)),
    arm.add(X1, X1, X0, { lsl: Math.log2(CPU_BYTES) }),
    arm.movz(W2, 1),
    arm.ldset(W2, W2, X1, 'al'),
    jump('drainByte'),
  );
  relay(code);
}

/** Rings CPUs that sleep, are kicked or have something to forget. */
function relay(code: CodeBuffer): void {
  code
    .label('relay')
    .emit(
      arm.ldr(W7, mem(X19, M.CPUS)),
      set(X1, board.virtual(RAM + CPU_AREAS)),
      set(X3, board.virtual(GICD)),
      arm.movz(X6, 1),
      arm.lsl(X6, X6, 16),
    );
  code
    .label('relayNext')
    .emit(
      arm.sub(W7, W7, 1),
      ifZero(W7, 'taken'),
      arm.lsl(X6, X6, 1),
      arm.add(X1, X1, CPU_BYTES),
      arm.ldr(W0, mem(X1, M.FORGET)),
      arm.ldr(W2, mem(X1, M.FORGOTTEN)),
      arm.eor(W0, W0, W2),
      arm.ldr(W2, mem(X1, M.SLEEPING)),
      arm.orr(W0, W0, W2),
      arm.ldr(W2, mem(X1, M.KICK)),
      arm.orr(W0, W0, W2),
      ifZero(W0, 'relayNext'),
      arm.str(arm.w(6), mem(X3, GICD_SGIR)),
      jump('relayNext'),
    );
}

export function floatingPoint(code: CodeBuffer): void {
  const pairs = Array.from({ length: 16 }, (_, i) => i);
  code.label('storeFloats').emit(
    arm.add(X0, X20, CONTEXT.V),
    pairs.map((i) => arm.stp(q(2 * i), q(2 * i + 1), mem(X0, 32 * i))),
    arm.mrs(X1, 'fpsr'),
    arm.str(W1, mem(X20, CONTEXT.FPSR)),
    arm.mrs(X1, 'fpcr'),
    arm.str(W1, mem(X20, CONTEXT.FPCR)),
    arm.ret(),
  );
  code.label('loadFloats').emit(
    arm.add(X0, X20, CONTEXT.V),
    pairs.map((i) => arm.ldp(q(2 * i), q(2 * i + 1), mem(X0, 32 * i))),
    arm.ldr(W1, mem(X20, CONTEXT.FPSR)),
    arm.msr('fpsr', X1),
    arm.ldr(W1, mem(X20, CONTEXT.FPCR)),
    arm.msr('fpcr', X1),
    arm.ret(),
  );
}

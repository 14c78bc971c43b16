/** riscv64: what the monitor's main paths call: forgetting, the doorbell, floating-point registers. */
import { riscv64 as rv, type CodeBuffer } from '@veridian-os/assembler';
import { CPU_AREAS, CPU_BYTES, KICK, MAILBOX as M } from '../layout.js';
import { CLINT, CONTEXT, PLIC_CLAIM, RAM, UART, branch, ifNot, ifZero, jump } from './riscv64-board.js';

const { ZERO, S0, S1, A0, A1, A2, T0, T1, T2, T3, CSR } = rv;

/** Translations and code that the host has changed: nobody here uses the old ones afterwards. */
export function forget(code: CodeBuffer): void {
  code.label('forget').emit(
    rv.lw(A0, S0, M.FORGET),
    rv.lw(T0, S0, M.FORGOTTEN),
    rv.bne(A0, T0, 8),
    rv.ret(),
    rv.fence(),
    rv.lw(T0, S0, M.FLUSH),
    rv.beqz(T0, 8),
    rv.sfenceVma(),
    // Storing every word over itself makes QEMU drop what it translated from it; an atomic store where others run.
    rv.lw(T0, S0, M.SYNC_COUNT),
    rv.li(T1, M.SYNC_LIST),
    rv.add(T1, S0, T1),
    rv.lw(A1, S0, M.CPUS),
    rv.addi(A1, A1, -1),
  );
  code.label('syncNext').emit(ifZero(T0, 'forgotten'), rv.ld(T2, T1, 0), rv.ld(T3, T1, 8), rv.add(T3, T3, T2));
  code.label('syncWord').emit(ifNot(A1, 'syncAtomic'), rv.ld(A2, T2, 0), rv.sd(A2, T2, 0), jump('synced'));
  code.label('syncAtomic').emit(rv.amoorD(A2, ZERO, T2));
  code.label('synced').emit(
    rv.addi(T2, T2, 8),
    branch('syncWord', (offset) => rv.bltu(T2, T3, offset)),
    rv.addi(T1, T1, 16),
    rv.addi(T0, T0, -1),
    jump('syncNext'),
  );
  code.label('forgotten').emit(rv.fenceI(), rv.fence(), rv.sw(A0, S0, M.FORGOTTEN), rv.ret());
}

/** Takes what arrived on the doorbell and passes it on to CPUs that sleep. Changes t0..t3, a0..a3. */
export function doorbell(code: CodeBuffer): void {
  code.label('drain').emit(
    // A bell from another CPU.
    rv.csrr(T0, CSR.mhartid),
    rv.slli(T1, T0, 2),
    rv.li(T2, CLINT),
    rv.add(T1, T1, T2),
    rv.sw(ZERO, T1, 0),
    rv.beqz(T0, 8),
    rv.ret(),
    rv.csrr(T0, CSR.mip),
    rv.slli(T0, T0, 63 - 11),
    rv.bltz(T0, 8),
    rv.ret(),
    rv.li(A0, PLIC_CLAIM),
    rv.lw(A1, A0, 0),
    rv.li(A2, UART),
  );
  code.label('drainByte').emit(
    rv.lbu(T0, A2, 5),
    rv.andi(T0, T0, 1),
    ifZero(T0, 'drained'),
    rv.lbu(T0, A2, 0),
    rv.li(T1, KICK),
    branch('drainByte', (offset) => rv.bltu(T0, T1, offset)),
    // KICK + n is a kick of CPU n.
    rv.sub(T0, T0, T1),
    rv.slli(T0, T0, Math.log2(CPU_BYTES)),
    rv.li(T1, RAM + CPU_AREAS),
    rv.add(T0, T0, T1),
    rv.addi(T0, T0, M.KICK),
    rv.li(T1, 1),
    rv.amoorW(ZERO, T1, T0),
    jump('drainByte'),
  );
  code.label('drained').emit(ifZero(A1, 'relay'), rv.sw(A1, A0, 0));
  // CPUs that sleep, are kicked or have something to forget.
  code.label('relay').emit(rv.lw(T0, S0, M.CPUS), rv.li(T1, CLINT), rv.li(A0, RAM + CPU_AREAS));
  code
    .label('relayNext')
    .emit(
      rv.addi(T0, T0, -1),
      rv.bnez(T0, 8),
      rv.ret(),
      rv.addi(T1, T1, 4),
      rv.li(T2, CPU_BYTES),
      rv.add(A0, A0, T2),
      rv.lw(T2, A0, M.FORGET),
      rv.lw(T3, A0, M.FORGOTTEN),
      rv.xor(T2, T2, T3),
      rv.lw(T3, A0, M.SLEEPING),
      rv.or(T2, T2, T3),
      rv.lw(T3, A0, M.KICK),
      rv.or(T2, T2, T3),
      ifZero(T2, 'relayNext'),
      rv.li(T2, 1),
      rv.sw(T2, T1, 0),
      jump('relayNext'),
    );
}

export function floatingPoint(code: CodeBuffer): void {
  const f = Array.from({ length: 32 }, (_, i) => i);
  code.label('storeFloats').emit(
    f.map((i) => rv.fsd(i, S1, CONTEXT.F + 8 * i)),
    rv.csrr(T0, CSR.fcsr),
    rv.sd(T0, S1, CONTEXT.FCSR),
    rv.ret(),
  );
  code.label('loadFloats').emit(
    f.map((i) => rv.fld(i, S1, CONTEXT.F + 8 * i)),
    rv.ld(T0, S1, CONTEXT.FCSR),
    rv.csrw(CSR.fcsr, T0),
    rv.ret(),
  );
}

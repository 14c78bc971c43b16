/** riscv64: the `virt` board without firmware. The program stays in M-mode and lends U-mode's rights (MPRV). */
import { CodeBuffer, assemble, riscv64 as rv, to } from '@veridian-os/assembler';
import { sv39, sv48, sv57 } from '@veridian-os/memory';
import type { PageTableFormat } from '@veridian-os/memory';
import { PAGE, PROBE_BYTES } from './board.js';
import type { Board, Start } from './board.js';

const { CSR, S0, S1, A0, A1, A2, T0, T1 } = rv;
const RAM = 0x8000_0000;
const GIB = 2 ** 30;
const POWER = 0x10_0000;
const OFF = 0x5555;
const MPP = 3 << 11;
const MPRV = 1 << 17;
const PBMTE = 1n << 62n;
const ECALL_FROM_USER = 8;
const PAGE_FAULTS = [12, 13, 15];
/** Tells a cause from none. */
const FAULTED = 0x100;
/** satp's mode by the number of levels. */
const MODE: Readonly<Record<number, bigint>> = { 3: 8n, 4: 9n, 5: 10n };

function program({ root, probes, count, stay }: Start, mode: bigint): Uint8Array {
  const code = new CodeBuffer({ origin: RAM });
  const asUser = [rv.li(T0, MPP), rv.csrc(CSR.mstatus, T0), rv.li(T0, MPRV), rv.csrs(CSR.mstatus, T0)];
  const asMachine = [rv.li(T0, MPRV), rv.csrc(CSR.mstatus, T0)];
  code.emit(
    to('trap', (offset) => rv.la(T0, offset)),
    rv.csrw(CSR.mtvec, T0),
    rv.li(T0, -1),
    rv.csrw(CSR.pmpaddr0, T0),
    rv.li(T0, 0x1f),
    rv.csrw(CSR.pmpcfg0, T0),
    rv.li(T0, PBMTE),
    rv.csrs(CSR.menvcfg, T0),
    rv.li(T0, (mode << 60n) | BigInt(root)),
    rv.csrw(CSR.satp, T0),
    rv.sfenceVma(),
    rv.li(S0, probes),
    rv.li(S1, probes + count * PROBE_BYTES),
  );
  code.label('probe').emit(
    to('off', (offset) => rv.beq(S0, S1, offset)),
    rv.ld(A1, S0, 0),
    rv.ld(A2, S0, 8),
    rv.ld(A0, S0, 16),
    to('load', (offset) => rv.beqz(A2, offset)),
    rv.addi(A2, A2, -1),
    to('store', (offset) => rv.beqz(A2, offset)),
    rv.addi(A1, A1, PAGE.CODE),
    rv.csrw(CSR.mepc, A1),
    rv.li(T0, MPP),
    rv.csrc(CSR.mstatus, T0),
    rv.mret(),
  );
  code.label('load').emit(asUser, rv.ld(A0, A1, PAGE.TAG), asMachine, rv.sd(A0, S0, 16));
  code.emit(to('next', (offset) => rv.j(offset)));
  code.label('store').emit(asUser, rv.sd(A0, A1, PAGE.STORED), asMachine);
  code.label('next').emit(
    rv.addi(S0, S0, PROBE_BYTES),
    to('probe', (offset) => rv.j(offset)),
  );
  code
    .align(4)
    .label('trap')
    .emit(asMachine, rv.csrr(T1, CSR.mcause), rv.ori(T1, T1, FAULTED), rv.sd(A0, S0, 16), rv.sd(T1, S0, 24))
    .emit(
      rv.csrr(T1, CSR.mtval),
      rv.sd(T1, S0, 32),
      to('next', (offset) => rv.j(offset)),
    );
  code
    .label('off')
    .emit(stay ? [rv.li(T1, 1), rv.sd(T1, S0, 0), asUser] : [rv.li(T0, POWER), rv.li(T1, OFF), rv.sw(T1, T0, 0)]);
  code.label('wait').emit(to('wait', (offset) => rv.j(offset)));
  return code.finish();
}

function riscvBoard(format: PageTableFormat): Board {
  return {
    format,
    executable: 'qemu-system-riscv64',
    ram: [{ base: RAM, bytes: 700 * GIB }],
    // QEMU's buffer of translations has M-mode's own ones in one place with those that MPRV lends it.
    blind: RAM,
    probes: RAM + 0x10_0000,
    tables: [RAM + 0x200_0000, RAM + 600 * GIB],
    args: (ram) => [
      ...['-M', 'virt,memory-backend=ram', '-cpu', 'rv64,svpbmt=on', '-m', '700G', '-bios', 'none'],
      ...['-object', `memory-backend-file,id=ram,size=700G,mem-path=${ram},share=on`],
    ],
    status: 0,
    image: (start) => [{ address: RAM, bytes: program(start, MODE[format.levels]) }],
    rootEntries: [],
    code: (tag) => assemble(rv.li(A0, tag), rv.ecall()),
    explain(cause) {
      const code = Number(cause) - FAULTED;
      if (code === ECALL_FROM_USER) return 'trap';
      return PAGE_FAULTS.includes(code) ? 'page' : 'other';
    },
    setsAccessBits: true,
    faultsMayAccess: false,
    writeReads: true,
    executeReads: false,
  };
}

export const riscvBoards: readonly Board[] = [sv39, sv48, sv57].map(riscvBoard);

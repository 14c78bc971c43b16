/**
 * aarch64: the `virt` board without firmware. The program runs at EL1 above, through TTBR1, and makes accesses with EL0's
 * rights (LDTR, STTR, or a return to EL0).
 */
import { CodeBuffer, aarch64 as arm, addressOf, assemble, to } from '@veridian-os/assembler';
import type { Code } from '@veridian-os/assembler';
import { aarch64, aarch64Lpa2 } from '@veridian-os/memory';
import type { PageTableFormat } from '@veridian-os/memory';
import { PAGE, PROBE_BYTES, Probe } from './board.js';
import type { Board, Start } from './board.js';

const { X0, X1, X2, X3, X4, X5, X20, X21, XZR, mem } = arm;
const RAM = 0x4000_0000;
const GIB = 2 ** 30;
/** The board puts a device tree at the start of RAM. */
const PROGRAM = RAM + 0x40_0000;
const OWN_TABLES = RAM + 0x50_0000;
const HIGH = 0xffff_0000_0000_0000n;
const SYSTEM_OFF = 0x8400_0008;
/** Attributes 0, 1 and 2 as the format's header says: write-back, Device-nGnRE, non-cacheable. */
const MAIR = 0x44_04_ffn;
const SCTLR = 0x30d0_0800 | 0x1 | 0x4 | 0x1000;
/** EL0 with AArch64, everything masked. */
const SPSR = 0x3c0;
const TABLE_DESCRIPTOR = 3n;
const BLOCK = 1n;
const ACCESSED = 1n << 10n;
const EC_SVC = 0x15;
const EC_FETCH = 0x20;
const EC_DATA = 0x24;

/** T0SZ as asked; TTBR1 48 bits; both 4 KiB, inner shareable write-back; DS and 52-bit addresses when `wide`. */
function tcr(t0sz: number, wide: boolean): bigint {
  const cacheable = (1n << 8n) | (1n << 10n) | (3n << 12n) | (1n << 24n) | (1n << 26n) | (3n << 28n);
  const sizes = BigInt(t0sz) | (16n << 16n) | (2n << 30n) | (1n << 36n);
  return cacheable | sizes | (wide ? (6n << 32n) | (1n << 59n) : 5n << 32n);
}

/** The program's tables: the first 512 GiB in blocks of 1 GiB. Without shareability, so that DS does not change them. */
function ownTables(): Uint8Array {
  const entries = new BigUint64Array(1024);
  entries[0] = BigInt(OWN_TABLES + 4096) | TABLE_DESCRIPTOR;
  for (let i = 0; i < 512; i++) entries[512 + i] = (BigInt(i) << 30n) | BLOCK | ACCESSED;
  return new Uint8Array(entries.buffer);
}

const set = (register: arm.Register, value: bigint | number): Code => arm.movConstant(register, value);
/** Four instructions whatever the constant. */
const wide = (register: arm.Register, value: bigint): Code =>
  ([0, 16, 32, 48] as const).map((shift) =>
    (shift === 0 ? arm.movz : arm.movk)(register, Number((value >> BigInt(shift)) & 0xffffn), shift),
  );
/** Loads and stores with EL0's rights. Source: DDI 0487, C6.2 (LDTR, STTR). */
const ldtr = (rt: arm.Register, rn: arm.Register, offset: number): number =>
  (0xf8400800 | (offset << 12) | (rn.index << 5) | rt.index) >>> 0;
const sttr = (rt: arm.Register, rn: arm.Register, offset: number): number =>
  (0xf8000800 | (offset << 12) | (rn.index << 5) | rt.index) >>> 0;

function program({ root, probes, count, stay }: Start, isWide: boolean): Uint8Array {
  const code = new CodeBuffer({ origin: HIGH + BigInt(PROGRAM) });
  const first = BigInt(root) * 4096n;
  /** Bits 51 to 48 of the table's address are bits 5 to 2 of TTBR0 with DS. */
  const ttbr0 = (first & 0xffff_ffff_ffffn) | ((first >> 48n) << 2n) | (1n << 48n);
  code.emit(
    [set(X0, MAIR), arm.msr('mair_el1', X0), set(X0, tcr(16, isWide)), arm.msr('tcr_el1', X0)],
    [set(X0, OWN_TABLES), arm.msr('ttbr1_el1', X0), arm.msr('ttbr0_el1', X0), arm.isb(), arm.tlbi('vmalle1')],
    [arm.dsb('nsh'), set(X0, SCTLR), arm.msr('sctlr_el1', X0), arm.isb()],
    [addressOf('high', (address) => assemble(wide(X0, address))), arm.br(X0)],
  );
  code.label('high').emit(
    [set(X0, tcr(isWide ? 12 : 16, isWide)), arm.msr('tcr_el1', X0), set(X0, ttbr0), arm.msr('ttbr0_el1', X0)],
    [arm.isb(), arm.tlbi('vmalle1'), arm.dsb('nsh'), arm.isb()],
    to('vectors', (offset) => arm.adr(X0, offset)),
    [arm.msr('vbar_el1', X0), arm.movz(X0, 1), arm.msr('spsel', X0), arm.isb()],
    set(X20, HIGH + BigInt(probes)),
    set(X21, HIGH + BigInt(probes + count * PROBE_BYTES)),
  );
  code.label('probe').emit(
    arm.cmp(X20, X21),
    to('off', (offset) => arm.bCond('eq', offset)),
    [arm.ldr(X1, mem(X20)), arm.ldr(X2, mem(X20, 8)), arm.ldr(X0, mem(X20, 16))],
    to('load', (offset) => arm.cbz(X2, offset)),
    arm.cmp(X2, Probe.Store),
    to('store', (offset) => arm.bCond('eq', offset)),
    [arm.add(X1, X1, PAGE.CODE), arm.msr('elr_el1', X1), set(X3, SPSR), arm.msr('spsr_el1', X3), arm.eret()],
  );
  const next = to('next', (offset) => arm.branch(offset));
  code.label('load').emit(ldtr(X0, X1, PAGE.TAG), arm.str(X0, mem(X20, 16)), next);
  code.label('store').emit(sttr(X0, X1, PAGE.STORED), next);
  code.label('next').emit(
    arm.add(X20, X20, PROBE_BYTES),
    to('probe', (offset) => arm.branch(offset)),
  );
  code
    .label('trap')
    .emit(
      [arm.mrs(X4, 'esr_el1'), arm.mrs(X5, 'far_el1')],
      [arm.str(X0, mem(X20, 16)), arm.str(X4, mem(X20, 24)), arm.str(X5, mem(X20, 32)), next],
    );
  code
    .label('off')
    .emit(stay ? [arm.movz(X0, 1), arm.str(X0, mem(X20))] : [set(X0, SYSTEM_OFF), arm.mov(X1, XZR), arm.hvc(0)]);
  code.label('wait').emit(to('wait', (offset) => arm.branch(offset)));
  code.align(2048).label('vectors');
  for (let vector = 0; vector < 16; vector++) {
    code.emit(to('trap', (offset) => arm.branch(offset))).align(128);
  }
  return code.finish();
}

function armBoard(format: PageTableFormat): Board {
  const isWide = format === aarch64Lpa2;
  return {
    format,
    executable: 'qemu-system-aarch64',
    ram: [{ base: RAM, bytes: 700 * GIB }],
    probes: RAM + 0x60_0000,
    tables: [RAM + 0x200_0000, RAM + 600 * GIB],
    args: (ram) => [
      ...['-M', 'virt,gic-version=2,memory-backend=ram', '-cpu', 'max', '-m', '700G'],
      ...['-object', `memory-backend-file,id=ram,size=700G,mem-path=${ram},share=on`],
      ...['-device', `loader,addr=0x${PROGRAM.toString(16)},cpu-num=0`],
    ],
    status: 0,
    image: (start) => [
      { address: PROGRAM, bytes: program(start, isWide) },
      { address: OWN_TABLES, bytes: ownTables() },
    ],
    rootEntries: [],
    code: (tag) => assemble(set(X0, tag), arm.svc(0)),
    explain(cause) {
      const ec = Number(cause >> 26n) & 0x3f;
      if (ec === EC_SVC) return 'trap';
      // Translation, access flag or permission, at any level (those of level -1 apart).
      const status = Number(cause & 0x3fn);
      const isPage = (status >= 4 && status < 16) || status === 0x2b;
      return (ec === EC_FETCH || ec === EC_DATA || ec === EC_DATA + 1) && isPage ? 'page' : 'other';
    },
    setsAccessBits: false,
    faultsMayAccess: false,
    writeReads: true,
    executeReads: false,
  };
}

export const armBoards: readonly Board[] = [aarch64, aarch64Lpa2].map(armBoard);

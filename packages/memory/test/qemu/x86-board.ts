/**
 * x86_64: the q35 board with a firmware of one jump. The program runs in ring 0 in the upper half of every root and makes
 * accesses from ring 3: it returns to instructions of its own that ring 3 may execute, or to the page under test.
 *
 * Source: Intel SDM volume 3A, sections 3.5, 4.5, 6.12, 9.8
 */
import { CodeBuffer, addressOf, assemble, data16, data32, data64, to, x86_64 as x86 } from '@veridian-os/assembler';
import type { Code } from '@veridian-os/assembler';
import { x86_64, x86_64La57 } from '@veridian-os/memory';
import type { PageTableFormat } from '@veridian-os/memory';
import { PAGE, PROBE_BYTES } from './board.js';
import type { Board, Piece, Start } from './board.js';

const { AL, AX, EAX, ECX, EDX, RAX, RCX, RDI, RSP, R14, R15, mem, mem64 } = x86;
const GIB = 2 ** 30;
const BELOW_4_GIB = 2 * GIB;
const TOTAL = 700 * GIB;
const TRAMPOLINE = 0x8000;
const PROGRAM = 0x100_0000;
/** Tables of the program: roots while booting, then what every root shares. */
const OWN_TABLES = 0x110_0000;
const [BOOT_ROOT, BOOT_NEXT, SHARED, MEMORY, USER_1, USER_2, USER_3] = [0, 1, 2, 3, 4, 5, 6].map(
  (page) => OWN_TABLES + page * 4096,
);
const DATA = 0x120_0000;
const STACK = DATA + 0x4000;
/** The program's view of physical memory, and the page that ring 3 may execute. */
const HIGH = 0xffff_ff80_0000_0000n;
const USER_CODE = 0xffff_ff00_0000_0000n;
const USER_STORE = 16;
const PRESENT_WRITABLE = 3n;
const USER = 4n;
const LARGE = 0x80n;

const CR0 = 0x8001_0033; // PG WP NE ET MP PE
const CR4 = (1 << 5) | (1 << 7); // PAE PGE
const LA57 = 1 << 12;
const EFER = 0xc000_0080;
const EFER_BITS = (1 << 8) | (1 << 11); // LME NXE
const CODE32 = 0x08;
const CODE64 = 0x10;
const DATA32 = 0x18;
const USER_DATA = 0x23;
const USER_CODE64 = 0x2b;
const TSS = 0x30;
const GDT = [
  0n,
  0x00cf9a000000ffffn,
  0x00af9a000000ffffn,
  0x00cf92000000ffffn,
  0x00cff2000000ffffn,
  0x00affa000000ffffn,
];
const BELL = 0x80;
const PAGE_FAULT = 14;
const DEBUG_EXIT = 0xf4;
/** Tell a fault's cause from none. */
const PAGE_FAULTED = 0x100;
const TRAPPED = 0x200;
const OTHERWISE = 0x400;

const virtual = (physical: number): bigint => HIGH + BigInt(physical);

function trampoline(fiveLevels: boolean): Uint8Array {
  const code = new CodeBuffer({ origin: TRAMPOLINE });
  const far = (label: string, make: (address: number) => Uint8Array): Code =>
    addressOf(label, (address) => make(Number(address)));
  code.emit(
    x86.cli(),
    far('gdtr', (address) => x86.lgdt16(address === 0 ? 0 : address - TRAMPOLINE)),
    [x86.movFromControl(RAX, 0), x86.or(AL, 1), x86.movToControl(0, RAX)],
    far('protected', (address) => x86.jmpFar16To32(CODE32, address)),
  );
  code.label('protected').emit(
    [x86.mov(EAX, DATA32), x86.movToSegment('ds', AX), x86.movToSegment('ss', AX)],
    [x86.mov(EAX, fiveLevels ? CR4 | LA57 : CR4), x86.movToControl(4, RAX)],
    [x86.mov(EAX, BOOT_ROOT), x86.movToControl(3, RAX)],
    [x86.mov(ECX, EFER), x86.rdmsr(), x86.or(EAX, EFER_BITS), x86.wrmsr()],
    [x86.mov(EAX, CR0), x86.movToControl(0, RAX)],
    far('long', (address) => x86.jmpFar32(CODE64, address)),
  );
  code.label('long').emit(x86.movabs(RAX, virtual(PROGRAM)), x86.jmp(RAX));
  code
    .align(8)
    .label('gdt')
    .emit(data64(...GDT));
  code.label('gdtr').emit(
    data16(GDT.length * 8 - 1),
    far('gdt', (address) => data32(address)),
  );
  return code.finish();
}

function program({ root, probes, count, stay }: Start): CodeBuffer {
  const code = new CodeBuffer({ origin: virtual(PROGRAM) });
  const next = to('next', (offset) => x86.jmp(offset));
  code.emit(
    [x86.movabs(RAX, virtual(DATA)), x86.lgdt(mem(RAX)), x86.lidt(mem(RAX, 16))],
    [x86.mov(EAX, TSS), x86.ltr(AX), x86.movabs(RSP, virtual(STACK))],
    [x86.movabs(RAX, BigInt(root) * 4096n), x86.movToControl(3, RAX)],
    [x86.movabs(R15, virtual(probes)), x86.movabs(R14, virtual(probes + count * PROBE_BYTES))],
  );
  code.label('probe').emit(
    x86.cmp(R15, R14),
    to('off', (offset) => x86.jcc('e', offset)),
    [x86.movabs(RSP, virtual(STACK)), x86.mov(RDI, mem64(R15)), x86.mov(RCX, mem64(R15, 8))],
    [x86.push(USER_DATA), x86.push(0), x86.push(2), x86.push(USER_CODE64), x86.movabs(RAX, USER_CODE)],
    x86.cmp(RCX, 0),
    to('go', (offset) => x86.jcc('e', offset)),
    [x86.add(RAX, USER_STORE), x86.cmp(RCX, 1)],
    to('go', (offset) => x86.jcc('e', offset)),
    x86.lea(RAX, mem(RDI, PAGE.CODE)),
  );
  code.label('go').emit(x86.push(RAX), x86.mov(RAX, mem64(R15, 16)), x86.iretq());
  code
    .label('pageFault')
    .emit(
      [x86.mov(mem64(R15, 16), RAX), x86.mov(RCX, mem64(RSP)), x86.or(RCX, PAGE_FAULTED)],
      [x86.mov(mem64(R15, 24), RCX), x86.movFromControl(RCX, 2), x86.mov(mem64(R15, 32), RCX), next],
    );
  // After a load or a store ring 3 rings by itself: only a jump has a trap for its cause.
  code.label('bell').emit(
    [x86.mov(mem64(R15, 16), RAX), x86.mov(RCX, mem64(R15, 8)), x86.cmp(RCX, 2)],
    to('next', (offset) => x86.jcc('ne', offset)),
    x86.mov(mem64(R15, 24), TRAPPED),
  );
  code.label('next').emit(
    x86.add(R15, PROBE_BYTES),
    to('probe', (offset) => x86.jmp(offset)),
  );
  code.label('otherwise').emit(x86.mov(mem64(R15, 24), OTHERWISE), next);
  code.label('off').emit(stay ? x86.mov(mem64(R15), 1) : [x86.mov(EDX, DEBUG_EXIT), x86.mov(EAX, 0), x86.outPort(EAX)]);
  code.label('wait').emit(
    x86.hlt(),
    to('wait', (offset) => x86.jmp(offset)),
  );
  return code;
}

/** What ring 3 executes to load and to store. */
function userCode(): Uint8Array {
  const code = new CodeBuffer();
  code.emit(x86.mov(RAX, mem64(RDI, PAGE.TAG)), x86.int(BELL)).at(USER_STORE);
  return code.emit(x86.mov(mem64(RDI, PAGE.STORED), RAX), x86.int(BELL)).finish();
}

/** Descriptors, gates and task state, and the registers that say where they are. */
function descriptors(code: CodeBuffer): Piece {
  const [gdt, idt, tss] = [DATA + 0x100, DATA + 0x1000, DATA + 0x200];
  const table = new DataView(new ArrayBuffer(0x2000));
  const bytes = new Uint8Array(table.buffer);
  bytes.set([...data16(0xff), ...data64(virtual(gdt))], 0);
  bytes.set([...data16(0xfff), ...data64(virtual(idt))], 16);
  const at = virtual(tss);
  const low = at & 0xffff_ffffn;
  const descriptor = 0x67n | ((low & 0xff_ffffn) << 16n) | (0x89n << 40n) | ((low >> 24n) << 56n);
  bytes.set(data64(...GDT, descriptor, at >> 32n), gdt - DATA);
  bytes.set(data64(virtual(STACK)), tss - DATA + 4);
  for (let vector = 0; vector < 256; vector++) {
    const entry = code.address(vector === BELL ? 'bell' : vector === PAGE_FAULT ? 'pageFault' : 'otherwise');
    const gate = idt - DATA + vector * 16;
    table.setUint16(gate, Number(entry & 0xffffn), true);
    table.setUint16(gate + 2, CODE64, true);
    table.setUint16(gate + 4, (vector === BELL ? 0xee : 0x8e) << 8, true);
    table.setUint16(gate + 6, Number((entry >> 16n) & 0xffffn), true);
    table.setUint32(gate + 8, Number(entry >> 32n), true);
  }
  return { address: DATA, bytes };
}

/** A table with some entries. */
function table(address: number, entries: readonly (readonly [slot: number, value: bigint])[]): Piece {
  const words = new BigUint64Array(512);
  for (const [slot, value] of entries) words[slot] = value;
  return { address, bytes: new Uint8Array(words.buffer) };
}

const pointer = (address: number, flags = PRESENT_WRITABLE): bigint => BigInt(address) | flags;

/** Slots 510 and 511 of whatever translates the uppermost TiB: the page of ring 3, and physical memory. */
const SHARED_ENTRIES: readonly (readonly [number, bigint])[] = [
  [510, pointer(USER_1, PRESENT_WRITABLE | USER)],
  [511, pointer(MEMORY)],
];

function ownTables(fiveLevels: boolean): Piece[] {
  const user = PRESENT_WRITABLE | USER;
  const gibibytes = Array.from({ length: 512 }, (_, i) => [i, (BigInt(i) << 30n) | PRESENT_WRITABLE | LARGE] as const);
  const boot: readonly (readonly [number, bigint])[] = [[0, pointer(MEMORY)], ...SHARED_ENTRIES];
  return [
    ...(fiveLevels
      ? [
          table(BOOT_ROOT, [
            [0, pointer(BOOT_NEXT)],
            [511, pointer(SHARED, user)],
          ]),
          table(BOOT_NEXT, boot),
        ]
      : [table(BOOT_ROOT, boot)]),
    table(SHARED, SHARED_ENTRIES),
    table(MEMORY, gibibytes),
    table(USER_1, [[0, pointer(USER_2, user)]]),
    table(USER_2, [[0, pointer(USER_3, user)]]),
    table(USER_3, [[0, pointer(OWN_TABLES + 7 * 4096, user)]]),
    { address: OWN_TABLES + 7 * 4096, bytes: userCode() },
  ];
}

/** 64 KiB below 4 GiB: a far jump at the reset address to 0800:0000. */
function firmware(): Uint8Array {
  const rom = new Uint8Array(0x1_0000);
  rom.set([0xea, 0, 0, ...data16(TRAMPOLINE >> 4)], 0xfff0);
  return rom;
}

function x86Board(format: PageTableFormat): Board {
  const fiveLevels = format === x86_64La57;
  return {
    format,
    executable: 'qemu-system-x86_64',
    ram: [
      { base: 0, bytes: BELOW_4_GIB },
      { base: 4 * GIB, bytes: TOTAL - BELOW_4_GIB },
    ],
    probes: 0x140_0000,
    tables: [0x400_0000, 600 * GIB],
    args: (ram, rom) => [
      ...['-M', 'q35,memory-backend=ram', '-cpu', 'max', '-m', '700G', '-bios', rom],
      ...['-object', `memory-backend-file,id=ram,size=700G,mem-path=${ram},share=on`],
      ...['-device', `isa-debug-exit,iobase=0x${DEBUG_EXIT.toString(16)},iosize=4`],
    ],
    status: 1,
    image(start) {
      const code = program(start);
      return [
        { address: TRAMPOLINE, bytes: trampoline(fiveLevels) },
        { address: PROGRAM, bytes: code.finish() },
        descriptors(code),
        ...ownTables(fiveLevels),
      ];
    },
    firmware: firmware(),
    rootEntries: fiveLevels ? [[511, pointer(SHARED, PRESENT_WRITABLE | USER)]] : SHARED_ENTRIES,
    code: (tag) => assemble(x86.mov(EAX, tag), x86.int(BELL)),
    explain(cause) {
      if (cause === BigInt(TRAPPED)) return 'trap';
      return (cause & BigInt(PAGE_FAULTED)) !== 0n ? 'page' : 'other';
    },
    setsAccessBits: true,
    faultsMayAccess: true,
    writeReads: true,
    executeReads: true,
  };
}

export const x86Boards: readonly Board[] = [x86_64, x86_64La57].map(x86Board);

/** A guest of a few instructions with page tables of its own, on each architecture. */
import { aarch64 as arm, assemble, riscv64 as rv, x86_64 as x86 } from '@veridian-os/assembler';

export const CODE = 0x10000;
export const DATA = 0x20000;
const PAGE = 4096;

/** An entry's low word for a frame: a table, code, data. */
const FORMATS = {
  riscv64: { levels: 3, shift: 10, table: 0x01, code: 0xdb, data: 0xd7 },
  aarch64: { levels: 4, shift: 12, table: 0x03, code: 0x7c3 | 0x80, data: 0x743 },
  x86_64: { levels: 4, shift: 12, table: 0x07, code: 0x25, data: 0x67 },
};

/** `call`: a system call again and again; `touch`: a store to DATA, then a system call. */
export const PROGRAMS = {
  riscv64: {
    call: assemble(rv.ecall(), rv.j(-4)),
    touch: assemble(rv.lui(5, DATA >> 12), rv.sd(5, 5, 0), rv.ecall(), rv.j(-12)),
  },
  aarch64: {
    call: assemble(arm.svc(0), arm.branch(-4)),
    touch: assemble(arm.movz(arm.X0, DATA >> 16, 16), arm.str(arm.X0, arm.mem(arm.X0)), arm.svc(0), arm.branch(-12)),
  },
  x86_64: {
    call: assemble(x86.syscall(), x86.jmp(-2)),
    touch: assemble(x86.mov(x86.mem64(undefined, DATA), x86.RAX), x86.syscall(), x86.jmp(-10)),
  },
};

/** A context at a program of `machine`'s architecture, and its entry for DATA. */
export function load(machine, program) {
  const { isa } = machine.features;
  const { levels, shift, table, code, data } = FORMATS[isa];
  const [{ base, u32, u8 }] = machine.memory;
  const first = base / PAGE;
  const frame = (n) => (first + n) * 2 ** shift;
  const entryOf = (n, address) => n * PAGE + Math.floor((address % 2 ** 21) / PAGE) * 8;
  const put = (at, value) => {
    u32[at / 4] = value >>> 0;
    u32[at / 4 + 1] = Math.floor(value / 2 ** 32);
  };
  // The tables of the program before become other ones: a CPU may still hold their root.
  for (let level = 0; level < levels; level++) machine.mmu.retireTable?.(first + level);
  machine.mmu.flushAddressSpace(1);
  u8.fill(0, 0, (levels + 2) * PAGE);
  for (let level = 0; level < levels - 1; level++) put(level * PAGE, frame(level + 1) + table);
  put(entryOf(levels - 1, CODE), frame(levels) + code);
  u8.set(program, levels * PAGE);
  machine.mmu.syncCode(first + levels, 1);
  const context = machine.contexts.create();
  machine.contexts.setAddressSpace(context, first, 1);
  machine.contexts.registers(context)[machine.info.layout.pc * 2] = CODE;
  const entry = entryOf(levels - 1, DATA);
  return {
    context,
    entry: {
      address: base + entry,
      absent: [0, 0],
      present: [(frame(levels + 1) + data) >>> 0, Math.floor((frame(levels + 1) + data) / 2 ** 32)],
    },
    map: () => put(entry, frame(levels + 1) + data),
    unmap: () => put(entry, 0),
  };
}

/** The few instructions of a TinyMachine, per ISA. */
import { highWord, lowWord, toNumber } from '@veridian-os/abi';
import {
  ARM,
  Access,
  FaultKind,
  TrapKind,
  X86,
  type RegisterLayout,
  type RegisterView,
  type Trap,
} from '@veridian-os/hal';

/** How an instruction ended: nothing for "on to the next", or a trap's fields. */
export type Outcome = Partial<Pick<Trap, 'kind' | 'fault' | 'access' | 'addressLo' | 'addressHi'>>;

/** A byte of user memory, or a negative number when the page does not allow the access. */
export type ByteAt = (address: number, access: Access) => number;

const NEXT: Outcome = {};
const SYSCALL: Outcome = { kind: TrapKind.Syscall };
const ILLEGAL: Outcome = { kind: TrapKind.Fault, fault: FaultKind.Illegal };

const pageFault = (address: number, access: Access): Outcome => ({
  kind: TrapKind.Fault,
  fault: FaultKind.Page,
  access,
  addressLo: lowWord(address),
  addressHi: highWord(address),
});

function read(registers: RegisterView, register: number): number {
  return toNumber(registers[register * 2], registers[register * 2 + 1]);
}

function write(registers: RegisterView, register: number, value: number): void {
  registers[register * 2] = lowWord(value);
  registers[register * 2 + 1] = highWord(value);
}

/** `count` bytes as a little-endian number, or the first address that cannot be accessed, in `blame`. */
function load(byteAt: ByteAt, address: number, count: number, access: Access, blame: { address: number }): number {
  let value = 0;
  for (let index = 0; index < count; index++) {
    const byte = byteAt(address + index, access);
    if (byte < 0) {
      blame.address = address + index;
      return -1;
    }
    value += byte * 256 ** index;
  }
  return value;
}

/** Runs one instruction. */
export function step(layout: RegisterLayout, registers: RegisterView, byteAt: ByteAt): Outcome {
  const pc = read(registers, layout.pc);
  const blame = { address: 0 };
  if (layout.isa === 'x86_64') return stepX86(pc, registers, byteAt);
  const word = load(byteAt, pc, 4, Access.Execute, blame);
  if (word < 0) return pageFault(blame.address, Access.Execute);
  return layout.isa === 'aarch64' ? stepArm(pc, word, registers) : stepRiscv(pc, word, registers);
}

function stepX86(pc: number, registers: RegisterView, byteAt: ByteAt): Outcome {
  const first = byteAt(pc, Access.Execute);
  if (first < 0) return pageFault(pc, Access.Execute);
  const blame = { address: 0 };
  const byte = (offset: number): number => byteAt(pc + offset, Access.Execute);
  switch (first) {
    case 0x0f:
      if (byte(1) !== 0x05) return ILLEGAL;
      write(registers, X86.RIP, pc + 2);
      write(registers, X86.RCX, pc + 2);
      write(registers, X86.R11, read(registers, X86.RFLAGS));
      return SYSCALL;
    case 0xeb:
      write(registers, X86.RIP, pc + 2 + ((byte(1) << 24) >> 24));
      return NEXT;
    case 0xb8:
      write(registers, X86.RAX, load(byteAt, pc + 1, 4, Access.Execute, blame));
      write(registers, X86.RIP, pc + 5);
      return NEXT;
    case 0xc3: {
      const sp = read(registers, X86.RSP);
      const target = load(byteAt, sp, 8, Access.Read, blame);
      if (target < 0) return pageFault(blame.address, Access.Read);
      write(registers, X86.RSP, sp + 8);
      write(registers, X86.RIP, target);
      return NEXT;
    }
    case 0xcc:
      return { kind: TrapKind.Breakpoint, addressLo: 3 };
    default:
      return ILLEGAL;
  }
}

function stepArm(pc: number, word: number, registers: RegisterView): Outcome {
  const next = (outcome: Outcome): Outcome => {
    write(registers, ARM.PC, pc + 4);
    return outcome;
  };
  if (word === 0xd4000001) return next(SYSCALL);
  if (word === 0xd65f03c0) {
    write(registers, ARM.PC, read(registers, 30));
    return NEXT;
  }
  if (word >>> 26 === 0x05) {
    write(registers, ARM.PC, pc + ((word << 6) >> 4));
    return NEXT;
  }
  if (word >>> 21 === 0x694) {
    write(registers, word & 31, (word >>> 5) & 0xffff);
    return next(NEXT);
  }
  return word >>> 21 === 0x6a1 ? { kind: TrapKind.Breakpoint, addressLo: 0x3c } : ILLEGAL;
}

const ECALL = 0x73;
const RET = 0x8067;
const RV_LOOP = 0xffdff06f;
const RV_LI_A7 = 0x893;

function stepRiscv(pc: number, word: number, registers: RegisterView): Outcome {
  if (word === RET) {
    write(registers, 32, read(registers, 1));
    return NEXT;
  }
  if (word === RV_LOOP) {
    write(registers, 32, pc - 4);
    return NEXT;
  }
  if (word === ECALL || (word & 0xfffff) === RV_LI_A7) write(registers, 32, pc + 4);
  else return word === 0x00100073 ? { kind: TrapKind.Breakpoint } : ILLEGAL;
  if (word === ECALL) return SYSCALL;
  write(registers, 17, word >>> 20);
  return NEXT;
}

/** Exceptions that only this ISA has, and what SYSCALL leaves behind. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { x86_64 } from '@veridian-os/assembler';
import { Access, FaultKind, TrapKind, X86 } from '@veridian-os/hal';
import { CODE, DATA, Rig, STACK_TOP, describeWithKvm, hex } from '../helpers/rig.js';

const { RAX, RBX, RCX, RDX, EAX, ECX, EDX, add, div, fld1, fldcw, fldz, fdivp, fwait, inc, int, int3, jmpShort } =
  x86_64;
const { ldmxcsr, mem16, mem32, mem64, mov, movabs, movsd, nop, popfq, push, pushfq, syscall, divsd, xmm, xor } = x86_64;
const { mulsd, ud2, wrfsbase, wrgsbase, hlt, cli, rdmsr, inPort, AL } = x86_64;

const TRAP_FLAG = 0x100;
const ALIGNMENT_FLAG = 0x40000;

describeWithKvm('exceptions', () => {
  let rig: Rig;
  beforeEach(() => void (rig = Rig.create()));
  afterEach(() => rig.machine.dispose());

  it('SYSCALL leaves the next instruction in rcx and the flags in r11, and touches nothing else', () => {
    const { context, view } = rig.program(syscall());
    for (let i = 0; i < 16; i++) {
      if (i === X86.RSP) continue;
      view[i * 2] = 0x1000 + i;
      view[i * 2 + 1] = 0xf0000000 + i;
    }
    view[X86.RFLAGS * 2] = 0xcd5; // carry, parity, adjust, zero, sign, direction, overflow
    const before = view.slice();
    expect(rig.run(context).kind).toBe(TrapKind.Syscall);
    expect(hex(view, X86.RIP)).toBe(hex(view, X86.RCX));
    expect(view[X86.RIP * 2]).toBe(CODE + 2);
    expect(view[X86.R11 * 2]).toBe(view[X86.RFLAGS * 2]);
    expect(view[X86.RFLAGS * 2] & 0xcd5).toBe(0xcd5);
    for (let i = 0; i < 16; i++) if (i !== X86.RCX && i !== X86.R11) expect(hex(view, i)).toBe(hex(before, i));
  });

  it.each([
    ['hlt', hlt()],
    ['cli', cli()],
    ['rdmsr', rdmsr()],
    ['in', inPort(AL, 0x80)],
  ])('%s is a protection fault, vector 13', (_name, instruction) => {
    const { context, view } = rig.program(nop(), instruction);
    const trap = rig.run(context);
    expect([trap.kind, trap.fault, trap.addressLo, trap.addressHi]).toEqual([
      TrapKind.Fault,
      FaultKind.Protection,
      13,
      0,
    ]);
    expect(view[X86.RIP * 2]).toBe(CODE + 1);
  });

  it('the system call of 32-bit programs is a fault', () => {
    const { context, view } = rig.program(nop(), int(0x80));
    const trap = rig.run(context);
    // Where ring 0 is interpreted the host answers with an undefined instruction.
    const expected = rig.machine.kind === 'hardware' ? FaultKind.Protection : FaultKind.Illegal;
    expect([trap.kind, trap.fault]).toEqual([TrapKind.Fault, expected]);
    expect(view[X86.RIP * 2]).toBe(CODE + 1);
  });

  it('a non-canonical address is a protection fault, and through the stack one of vector 12', () => {
    const load = rig.program(movabs(RAX, 0x8000_0000_0000_0000n), mov(RBX, mem64(RAX)));
    expect([rig.run(load.context).fault, rig.machine.cpus[0].trap.addressLo]).toEqual([FaultKind.Protection, 13]);
    expect(load.view[X86.RIP * 2]).toBe(CODE + 10);
    load.view.set([CODE, 0], X86.RIP * 2);
    load.code.set(push(RAX));
    load.view.set([0, 0x80000000], X86.RSP * 2);
    expect([rig.run(load.context).fault, rig.machine.cpus[0].trap.addressLo]).toEqual([FaultKind.Protection, 12]);
  });

  it('an undefined instruction is Illegal', () => {
    const { context, view } = rig.program(nop(), ud2());
    expect(rig.run(context).fault).toBe(FaultKind.Illegal);
    expect(view[X86.RIP * 2]).toBe(CODE + 1);
  });

  it('a division by zero is Arithmetic 0', () => {
    const { context, view } = rig.program(xor(ECX, ECX), xor(EDX, EDX), div(ECX));
    const trap = rig.run(context);
    expect([trap.fault, trap.addressLo]).toEqual([FaultKind.Arithmetic, 0]);
    expect(view[X86.RIP * 2]).toBe(CODE + 4);
  });

  it('an unmasked x87 division by zero is Arithmetic 16, an SSE one Arithmetic 19', () => {
    const x87 = rig.program(fldcw(mem16(RBX)), fld1(), fldz(), fdivp(), fwait());
    x87.view.set([DATA, 0], X86.RBX * 2);
    x87.data.set([0x7b, 0x03]);
    expect([rig.run(x87.context).fault, rig.machine.cpus[0].trap.addressLo]).toEqual([FaultKind.Arithmetic, 16]);
    rig.machine.dispose();
    rig = Rig.create();
    const sse = rig.program(ldmxcsr(mem32(RBX)), divsd(xmm(0), xmm(1)));
    sse.view.set([DATA, 0], X86.RBX * 2);
    sse.data.set([0x00, 0x1d]); // all masked but division by zero and invalid
    sse.data.set(new Uint8Array(new Float64Array([1]).buffer), 8);
    sse.code.set([...ldmxcsr(mem32(RBX)), ...movsd(xmm(0), mem64(RBX, 8)), ...divsd(xmm(0), xmm(1))]);
    expect([rig.run(sse.context).fault, rig.machine.cpus[0].trap.addressLo]).toEqual([FaultKind.Arithmetic, 19]);
  });

  it('int3 is a breakpoint with the pc at it', () => {
    const { context, view } = rig.program(nop(), int3());
    for (let round = 0; round < 2; round++) {
      const trap = rig.run(context);
      expect([trap.kind, trap.addressLo]).toEqual([TrapKind.Breakpoint, 3]);
      expect(view[X86.RIP * 2]).toBe(CODE + 1);
    }
  });

  it('the trap flag stops behind each instruction, also behind a system call', () => {
    const { context, view } = rig.program(nop(), nop(), syscall(), nop(), nop());
    view[X86.RFLAGS * 2] = TRAP_FLAG;
    const stops: string[] = [];
    for (let i = 0; i < 5; i++) {
      const { kind, addressLo } = rig.run(context);
      stops.push(`${kind === TrapKind.Syscall ? 'syscall' : `${kind}/${addressLo}`} ${view[X86.RIP * 2] - CODE}`);
    }
    expect(stops.filter((stop) => stop.startsWith('syscall'))).toEqual(['syscall 4']);
    expect(stops.slice(0, 3)).toEqual([`${TrapKind.Breakpoint}/1 1`, `${TrapKind.Breakpoint}/1 2`, 'syscall 4']);
    expect(stops[4]).toMatch(`${TrapKind.Breakpoint}/1`);
  });

  it('a misaligned access with the alignment-check flag is Alignment', () => {
    const { context, view } = rig.program(
      pushfq(),
      add(mem64(x86_64.RSP), ALIGNMENT_FLAG),
      popfq(),
      mov(EAX, mem32(RBX, 1)),
    );
    view.set([DATA, 0], X86.RBX * 2);
    expect(rig.run(context).fault).toBe(FaultKind.Alignment);
  });

  it('a page fault has its access and all 64 bits of its address', () => {
    const { context } = rig.program(movabs(RAX, -0x7fff_dead_f000n), mov(mem64(RAX), RCX));
    const trap = rig.run(context);
    expect([trap.fault, trap.access]).toEqual([FaultKind.Page, Access.Write]);
    expect([trap.addressHi.toString(16), trap.addressLo.toString(16)]).toEqual(['ffff8000', '21521000']);
  });

  it('the machine’s own half of the address space is closed to programs', () => {
    const { context, view } = rig.program(mov(RAX, mem64(RBX)));
    view.set([0x40001000, 0xffff8000], X86.RBX * 2);
    expect([rig.run(context).fault, rig.machine.cpus[0].trap.access]).toEqual([FaultKind.Page, Access.Read]);
    expect(rig.machine.cpus[0].trap.addressHi).toBe(0xffff8000);
  });

  it('FS and GS bases are the context’s, also when the program sets them itself', () => {
    const { context, view } = rig.program(wrfsbase(RAX), wrgsbase(RBX), syscall());
    view.set([0x1234, 0x5678, 0, 0, 0, 0, 0x9abc, 0x11], X86.RAX * 2);
    rig.run(context);
    expect([hex(view, X86.FS_BASE), hex(view, X86.GS_BASE)]).toEqual(['0000567800001234', '0000001100009abc']);
  });

  it('a program that never traps comes back, and goes on', () => {
    const { context, view } = rig.program(inc(RDX), jmpShort(-3));
    expect(rig.run(context, 2_000_000).kind).toBe(TrapKind.Budget);
    const first = view[X86.RDX * 2] + view[X86.RDX * 2 + 1] * 2 ** 32;
    expect(first).toBeGreaterThan(0);
    expect(rig.run(context, 2_000_000).kind).toBe(TrapKind.Budget);
    expect(view[X86.RDX * 2] + view[X86.RDX * 2 + 1] * 2 ** 32).toBeGreaterThan(first);
    expect(hex(view, X86.RSP)).toBe(STACK_TOP.toString(16).padStart(16, '0'));
  });

  it('preemption at any point loses nothing: a sum over stores, faults and calls comes out', () => {
    const { context, view, data } = rig.program(
      add(mem64(RBX), 1),
      mulsd(xmm(1), xmm(1)),
      inc(RAX),
      syscall(),
      jmpShort(-13),
    );
    view.set([DATA, 0], X86.RBX * 2);
    let calls = 0;
    for (let i = 0; i < 2000; i++) {
      const { kind } = rig.run(context, 1 + ((i * 7919) % 60_000));
      if (kind === TrapKind.Syscall) calls++;
      else expect([TrapKind.Budget, TrapKind.Interrupt]).toContain(kind);
    }
    const stored = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
    expect(calls).toBeGreaterThan(0);
    expect(stored - calls).toBeLessThanOrEqual(1);
    expect(view[X86.RAX * 2] - calls).toBeLessThanOrEqual(1);
  });
});

import { expectTypeOf } from 'expect-type';
import { CodeBuffer, aarch64, riscv64, to, x86_64, type Code, type Reference } from '@veridian-os/assembler';

expectTypeOf(riscv64.addi(riscv64.A0, riscv64.ZERO, 1)).toEqualTypeOf<number>();
expectTypeOf(riscv64.li(riscv64.A0, 1n << 40n)).toExtend<Code>();
expectTypeOf(aarch64.ldr(aarch64.X0, aarch64.mem(aarch64.SP, 8))).toEqualTypeOf<number>();
expectTypeOf(x86_64.mov(x86_64.RAX, x86_64.mem64(x86_64.RBX))).toExtend<Uint8Array>();
expectTypeOf(to('loop', (offset) => riscv64.j(offset))).toEqualTypeOf<Reference>();
expectTypeOf(new CodeBuffer().emit(riscv64.nop()).finish()).toExtend<Uint8Array>();

// @ts-expect-error a register is not a number
aarch64.add(0, 1, 2);
// @ts-expect-error registers of ISAs do not mix
x86_64.mov(aarch64.X0, x86_64.RAX);
// @ts-expect-error a system register has a name
aarch64.mrs(aarch64.X0, 'nonsense_el1');

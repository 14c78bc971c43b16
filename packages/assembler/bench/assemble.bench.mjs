import { CodeBuffer, aarch64, riscv64, to, x86_64 } from '@veridian-os/assembler';
import { suite } from '../../../tools/bench.mjs';

const INSTRUCTIONS = 1000;
const { X0, X1, mem, ldr } = aarch64;
const { RAX, RBX, mem64, mov } = x86_64;

await suite(async ({ bench }) => {
  const cases = {
    'riscv64, ld': () => riscv64.ld(riscv64.A0, riscv64.A1, 8),
    'aarch64, ldr': () => ldr(X0, mem(X1, 8)),
    'x86_64, mov from memory': () => mov(RAX, mem64(RBX, 8)),
  };
  for (const [name, instruction] of Object.entries(cases)) {
    await bench({
      case: `${name}, through a buffer`,
      ours: () => {
        const code = new CodeBuffer();
        for (let i = 0; i < INSTRUCTIONS; i++) code.emit(instruction());
        code.finish();
      },
      opsPerCall: INSTRUCTIONS,
    });
  }
  await bench({
    case: 'a branch to a label',
    ours: () => {
      const code = new CodeBuffer().label('start');
      for (let i = 0; i < INSTRUCTIONS; i++) code.emit(to('start', (offset) => riscv64.j(offset)));
      code.finish();
    },
    opsPerCall: INSTRUCTIONS,
  });
});

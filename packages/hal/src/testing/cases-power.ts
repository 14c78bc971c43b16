/** The end of a machine as its guest asks for it. */
import { PAGE_SIZE, type Frame } from '@veridian-os/abi';
import { Access, FaultKind, TrapKind } from '../trap.js';
import { DATA, endless, expectFault, expectKind } from './bench.js';
import type { CaseGroup } from './case-group.js';
import { RW } from './guest-space.js';

/** What SiFive's test finisher takes for power off and for reset. */
const POWER_OFF = 0x5555;
const RESET = 0x7777;

export const powerCases: CaseGroup = ({ add, guest, features }) => {
  const finisher = features.devices.find(({ compatible }) => compatible.startsWith('sifive,test'));
  if (finisher === undefined) return;
  const { code } = guest;
  const [value = 0, base = 0] = guest.work;

  for (const [name, word] of Object.entries({ 'power off': POWER_OFF, reset: RESET })) {
    if (finisher.hosted === true) break;
    add(`power: a program that stores ${name} comes back with Halt, or does not reach the finisher`, (bench) => {
      const { context, space } = bench.program(code.store(32, value, base), ...endless(guest));
      space.map(DATA + PAGE_SIZE, (finisher.base / PAGE_SIZE) as Frame, RW);
      bench.set(context, base, DATA + PAGE_SIZE);
      bench.set(context, value, word);
      const result = bench.run(context, 100_000);
      // Some devices are the host's, on the bus only.
      if (result.kind === TrapKind.Fault) return expectFault(result, FaultKind.Bus, Access.Write, DATA + PAGE_SIZE);
      if (features.busFaults === false && result.kind === TrapKind.Budget) return;
      expectKind(result, TrapKind.Halt);
    });
  }

  add('power: off through the bus ends the next run', (bench) => {
    const { context } = bench.program(...endless(guest));
    bench.machine.bus.write32(finisher.base, POWER_OFF);
    expectKind(bench.run(context, 100_000), TrapKind.Halt);
  });

  add('power: other values at the finisher end nothing', (bench) => {
    const { context } = bench.program(code.syscall());
    bench.machine.bus.write32(finisher.base, 0x1234);
    expectKind(bench.run(context), TrapKind.Syscall);
  });
};

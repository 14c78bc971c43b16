/** `npm run lockstep -w packages/machine-emulated -- --help`: where translated code goes wrong in a program. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { BareProgram, EmulatedMachine } from '../../src/index.js';
import { machineLane } from './machine-lane.js';
import { describeParting, findParting } from './search.js';

const HELP = `Runs a program on the emulated machine twice, interpreted and translated, compares the registers after every
step, and narrows the first difference to one instruction.

  npm run lockstep -w packages/machine-emulated -- --bare ELF
  npm run lockstep -w packages/machine-emulated -- --bios FILE --kernel FILE [--initrd FILE] [--append TEXT]

  --memory MIB       RAM, default 256
  --step N           instructions between two comparisons, default 1000000
  --most N           stop after so many, default 2000000000
  --threshold N      interpreted instructions before code is translated, default the machine's; 0 = at once
  --interval N       instructions between samples, default the machine's

Exit status: 0 they agree, 1 they differ, 2 wrong arguments.
`;

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    ...{ bare: text, bios: text, kernel: text, initrd: text, append: text },
    ...{ memory: text, step: text, most: text, threshold: text, interval: text },
    help: { type: 'boolean' },
  },
});

const file = (name: 'bare' | 'bios' | 'kernel' | 'initrd'): Uint8Array | undefined =>
  values[name] === undefined ? undefined : readFileSync(values[name]);
const number = (name: 'memory' | 'step' | 'most' | 'threshold' | 'interval'): number | undefined =>
  values[name] === undefined ? undefined : Number(values[name]);

function main(): number {
  const images = { bare: file('bare'), bios: file('bios'), kernel: file('kernel'), initrd: file('initrd') };
  const { bare, bios, kernel, initrd } = images;
  if (values.help === true || (bare === undefined && bios === undefined && kernel === undefined)) {
    process.stdout.write(HELP);
    return values.help === true ? 0 : 2;
  }
  const settings = { threshold: number('threshold'), interval: number('interval') };
  const translation = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  const load = (chosen: typeof translation | false): EmulatedMachine => {
    const memoryBytes = (number('memory') ?? 256) * 2 ** 20;
    const machine = EmulatedMachine.create({ memoryBytes, codePages: 4096, translation: chosen });
    if (bare === undefined) machine.boot({ bios, kernel, initrd, commandLine: values.append ?? '' });
    else new BareProgram(machine, bare, () => undefined);
    return machine;
  };
  const parting = findParting({
    make: () => [machineLane(load(false)), machineLane(load(translation))],
    step: number('step') ?? 1_000_000,
    most: number('most') ?? 2e9,
    agreed: (instructions) => void process.stderr.write(`\r${instructions} instructions agree`),
  });
  process.stderr.write('\n');
  if (parting !== undefined) process.stdout.write(describeParting(parting));
  return parting === undefined ? 0 : 1;
}

process.exitCode = main();

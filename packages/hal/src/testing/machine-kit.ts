/**
 * The conformance kit of machines: one suite for every implementation of `Machine`.
 *
 * Each case makes a machine of its own, builds page tables and programs in its memory by hand, and looks only at what
 * the interface promises; runs tolerate spurious interrupts wherever the interface does. What a machine's `features`
 * rule out is not registered.
 */
import type { KickHandle } from '../kick.js';
import type { Machine } from '../machine.js';
import type { AddCase, CaseGroup } from './case-group.js';
import { arithmeticCases } from './cases-arithmetic.js';
import { budgetCases } from './cases-budget.js';
import { counterCases } from './cases-counter.js';
import { cpuCases } from './cases-cpus.js';
import { contextCases } from './cases-contexts.js';
import { deviceCases } from './cases-devices.js';
import { faultCases } from './cases-faults.js';
import { interruptCases } from './cases-interrupts.js';
import { largeCases } from './cases-large.js';
import { memoryCases } from './cases-memory.js';
import { misuseCases } from './cases-misuse.js';
import { mmuCases } from './cases-mmu.js';
import { powerCases } from './cases-power.js';
import { randomCases } from './cases-random.js';
import { threadCases } from './cases-threads.js';
import { timerCases } from './cases-timers.js';
import { trapCases } from './cases-traps.js';
import { vectorCases } from './cases-vectors.js';
import { fpTemplate } from './fp-tools.js';
import { createBench } from './bench.js';
import { guestIsa } from './guest-isa.js';

/** The two functions of any test runner. */
export interface KitRunner {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => void): void;
}

export interface MachineKitOptions {
  /** Heading of the suite; default the machine's name. */
  readonly name?: string;
  /** Only these groups of cases ({@link MACHINE_KIT_GROUPS}); default all. */
  readonly groups?: readonly MachineKitGroup[];
  /**
   * Cases that this machine cannot meet, by title, and why: what an emulator leaves out. They are not registered; a title
   * that no case has is an error.
   */
  readonly without?: Readonly<Record<string, string>>;
  /** Makes a machine with a region of at least 1 GiB; its cases are not registered without. */
  readonly createLarge?: () => Machine;
  /**
   * Starts a thread of the host, which the kit cannot: its cases are not registered without, nor where machines have no
   * `kickHandle`. The thread waits for `delayMs`, adds 1 to `sign[0]`, calls `kick` with each handle in turn, adds 1 again,
   * each time with `Atomics` and a notification, and ends.
   */
  readonly kickFromThread?: (
    handles: readonly KickHandle[],
    delayMs: number,
    sign: Int32Array<SharedArrayBuffer>,
  ) => void;
}

const GROUPS = {
  traps: trapCases,
  arithmetic: arithmeticCases,
  faults: faultCases,
  mmu: mmuCases,
  budgets: budgetCases,
  'interrupts and time': interruptCases,
  timers: timerCases,
  counter: counterCases,
  'kicks from threads': threadCases,
  contexts: contextCases,
  vectors: vectorCases,
  memory: memoryCases,
  'large memory': largeCases,
  'devices and firmware': deviceCases,
  power: powerCases,
  misuse: misuseCases,
  random: randomCases,
  cpus: cpuCases,
} as const satisfies Readonly<Record<string, CaseGroup>>;

export type MachineKitGroup = keyof typeof GROUPS;
export const MACHINE_KIT_GROUPS = Object.keys(GROUPS) as readonly MachineKitGroup[];

/** Disposes the machines that `body` created, however it ends. */
function withMachines(make: () => Machine, body: (create: () => Machine) => void): void {
  const machines: Machine[] = [];
  try {
    body(() => {
      const machine = make();
      machines.push(machine);
      return machine;
    });
  } finally {
    for (const machine of machines) machine.dispose();
  }
}

/**
 * Registers the suite.
 * @param createMachine makes a machine with at least 4 MiB in one region; called once now, to learn its features, and
 * at least once per case
 */
export function machineKit(
  { describe, it }: KitRunner,
  createMachine: () => Machine,
  options: MachineKitOptions = {},
): void {
  const probe = createMachine();
  const { features, firmware, info, counter } = probe;
  const cpus = probe.cpus.length;
  const hasThreads = options.kickFromThread !== undefined && probe.kickHandle !== undefined;
  const guest = guestIsa(info.layout);
  const template = fpTemplate(createBench(probe));
  probe.dispose();

  const without = options.without ?? {};
  const titles = new Set<string>();

  describe(`machine: ${options.name ?? info.name}`, () => {
    for (const name of options.groups ?? MACHINE_KIT_GROUPS) {
      if (name === 'cpus' && cpus === 1) continue;
      if (name === 'kicks from threads' && !hasThreads) continue;
      const cases: [title: string, body: () => void][] = [];
      const add =
        (make: () => Machine): AddCase =>
        (title, body) => {
          titles.add(title);
          if (without[title] !== undefined) return;
          const run = (create: () => Machine): void => body(createBench(create()), () => createBench(create()));
          cases.push([title, () => withMachines(make, run)]);
        };
      const tools = {
        guest,
        features,
        hasCounter: counter !== undefined,
        cpus,
        firmware: firmware.kind,
        fpTemplate: template,
        options,
        add: add(createMachine),
        addLarge: add(options.createLarge ?? createMachine),
      };
      GROUPS[name](tools);
      // Some runners refuse a group without cases.
      if (cases.length > 0) describe(name, () => cases.forEach(([title, body]) => it(title, body)));
    }
    const unknown = Object.keys(without).filter((title) => !titles.has(title));
    if (options.groups === undefined && unknown.length > 0) {
      throw new RangeError(`without: expected titles of cases, got '${unknown.join("', '")}'`);
    }
  });
}

/** How the files of cases join the kit. */
import type { Firmware, MachineFeatures } from '../machine.js';
import type { Bench } from './bench.js';
import type { GuestIsa } from './guest-isa.js';
import type { MachineKitOptions } from './machine-kit.js';

/** Registers one case; its body gets a bench on a machine of its own, and benches on further ones if it asks. */
export type AddCase = (name: string, body: (bench: Bench, another: () => Bench) => void) => void;

export interface GroupTools {
  readonly add: AddCase;
  readonly guest: GuestIsa;
  /** Cases that a machine says it cannot meet are not registered. */
  readonly features: MachineFeatures;
  /** The machine has a `counter`. */
  readonly hasCounter: boolean;
  /** CPUs that the machine has. */
  readonly cpus: number;
  readonly firmware: Firmware['kind'];
  readonly options: MachineKitOptions;
  /** A state that shows which floating-point and vector registers the machine has. */
  readonly fpTemplate: Uint8Array;
  /** Registers a case on a machine of `options.createLarge`. */
  readonly addLarge: AddCase;
}

/** Registers the cases of one topic. */
export type CaseGroup = (tools: GroupTools) => void;

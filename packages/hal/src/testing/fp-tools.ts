/** What the cases about floating-point and vector state share. */
import type { ContextId } from '@veridian-os/abi';
import type { Machine } from '../machine.js';
import { equalBytes } from './assert.js';
import type { Bench } from './bench.js';
import type { GuestIsa } from './guest-isa.js';

export const fpOf = (machine: Machine, context: ContextId): Uint8Array => {
  const state = new Uint8Array(machine.info.layout.fpBytes);
  machine.contexts.saveFp(context, state);
  return state;
};

/** A state that shows which registers the machine has: those of any pattern that it keeps. */
export function fpTemplate({ machine, guest, context }: Bench): Uint8Array {
  const scratch = context();
  machine.contexts.restoreFp(scratch, guest.fp.pattern(1));
  const template = fpOf(machine, scratch);
  machine.contexts.destroy(scratch);
  return template;
}

/** A state in which every register that the machine has is different. */
export const fpPattern = (bench: Bench, seed: number): Uint8Array => bench.guest.fp.pattern(seed, fpTemplate(bench));

export const equalFp = ({ fp }: GuestIsa, actual: Uint8Array, expected: Uint8Array, what: string): void =>
  equalBytes(fp.normal(actual), fp.normal(expected), what);

/** Scripts on an emulated machine, or on one that knows no more than scripts need. */
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import type { Isa, Machine } from '@veridian-os/hal';
import {
  TinyMachine,
  runScript as run,
  type Script,
  type ScriptOptions,
  type ScriptResult,
} from '../../src/testing.js';

export {
  DATA,
  DATA_BYTES,
  Guest,
  HANDLER,
  SCRIPT_HANDLER,
  WILD,
  type CallRequest,
  type Script,
} from '../../src/testing.js';

export type ScriptedMachine = 'emulated' | Isa;
/** riscv64 on a machine that runs programs too, the others on one for scripts. */
export const MACHINES: readonly ScriptedMachine[] = ['emulated', 'riscv64', 'aarch64', 'x86_64'];

export function createMachine(name: ScriptedMachine): Machine {
  const memoryBytes = 16 << 20;
  return name === 'emulated' ? EmulatedMachine.create({ memoryBytes }) : new TinyMachine(name, memoryBytes);
}

export function runScript(
  script: Script,
  { on = 'emulated', ...options }: Omit<ScriptOptions, 'machine'> & { readonly on?: ScriptedMachine } = {},
): Promise<ScriptResult> {
  return run(script, { ...options, machine: createMachine(on) });
}

/** `runScript` on one machine. */
export const scriptsOn =
  (on: ScriptedMachine) =>
  (script: Script, options: Omit<ScriptOptions, 'machine'> = {}): Promise<ScriptResult> =>
    runScript(script, { ...options, on });

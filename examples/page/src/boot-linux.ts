/** Debian's Linux on the emulated computer, firmware and all, as `veridian machine` boots it. Runs wherever JavaScript does. */
import { EmulatedMachine, type BootImages } from '@veridian-os/machine-emulated';
import type { Computer, Screen } from './protocol.js';

const MEMORY_BYTES = 256 << 20;
/** Code pages that the interpreter keeps: a kernel's code is larger than a program's. */
const CODE_PAGES = 4096;
/** Between turns of the event loop, so that keys are heard. */
const STEP_INSTRUCTIONS = 2_000_000;

/** @param wait resolves after so many milliseconds, or when a key has come */
async function drive(machine: EmulatedMachine, wait: (ms: number) => Promise<void>): Promise<string> {
  const { system, clock } = machine;
  for (;;) {
    const trap = system.run(STEP_INSTRUCTIONS, false);
    if (trap.kind === 'stopped') return `the machine is off: ${system.stopped?.kind ?? ''}`;
    if (trap.kind !== 'idle') {
      await wait(0);
      continue;
    }
    const began = performance.now();
    const { untilWake } = system;
    await wait(untilWake / 1e6);
    const slept = Math.round(Math.min((performance.now() - began) * 1e6, untilWake));
    clock.advance((clock.now() + slept) as ReturnType<typeof clock.now>);
  }
}

export async function bootLinux(screen: Screen, images: BootImages): Promise<Computer> {
  let line: number[] = [];
  const machine = await EmulatedMachine.createAsync({
    memoryBytes: MEMORY_BYTES,
    codePages: CODE_PAGES,
    console: { output: (bytes) => void line.push(...bytes) },
  });
  machine.boot(images);
  const flush = (): void => {
    if (line.length > 0) screen.output(Uint8Array.from(line));
    line = [];
  };
  let wake = (): void => undefined;
  /** A message to oneself: a turn of the event loop without a timer's delay. */
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => wake();
  const wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      flush();
      const timer = ms > 0 && ms < 2 ** 31 ? setTimeout(resolve, ms) : undefined;
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (ms === 0) port2.postMessage(0);
    });
  return {
    keys(bytes) {
      machine.receive(bytes);
      wake();
    },
    ended: drive(machine, wait).finally(() => {
      flush();
      port1.close();
      machine.dispose();
    }),
  };
}

/** Debian's Linux on the emulated computer, firmware and all, as `veridian machine` boots it. Runs wherever JavaScript does. */
import { EmulatedMachine, SystemDriver, type BootImages, type Waiting } from '@veridian-os/machine-emulated';
import type { Computer, Screen } from './protocol.js';

const MEMORY_BYTES = 256 << 20;
/** Code pages that the interpreter keeps: a kernel's code is larger than a program's. */
const CODE_PAGES = 4096;
/** Between turns of the event loop, so that keys are heard. */
const STEP_INSTRUCTIONS = 2_000_000;

/** Time is paced: while the hart waits, so does the page. */
const WAITING: Waiting = { paced: true, hasSource: true, mostMs: Infinity };

/** @returns why the machine has stopped */
async function drive(machine: EmulatedMachine, driver: SystemDriver): Promise<string> {
  while (driver.run(STEP_INSTRUCTIONS).kind !== 'stopped') await driver.rest(() => WAITING);
  return `the machine is off: ${machine.system.stopped?.kind ?? ''}`;
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
      const timer = ms > 0 ? setTimeout(resolve, ms) : undefined;
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (ms === 0) port2.postMessage(0);
    });
  const driver = new SystemDriver(machine, { now: () => performance.now(), turn: () => wait(0), wait });
  return {
    keys(bytes) {
      machine.receive(bytes);
      driver.notice();
      wake();
    },
    ended: drive(machine, driver).finally(() => {
      flush();
      port1.close();
      machine.dispose();
    }),
  };
}

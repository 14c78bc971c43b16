/** A booted machine and a script at its console: no host time in it, so each run is the same. */
import type { VirtioDevice } from '@veridian-os/devices';
import type { BootImages } from '../../src/index.js';
import { EmulatedMachine } from '../../src/index.js';

const STEP = 200_000;

export class Session {
  readonly machine: EmulatedMachine;
  /** All that the guest has written. */
  text = '';
  /** Instructions so far. */
  instructions = 0;
  /** Called between two steps: what happens outside of the machine. */
  between = (): void => undefined;
  /** Gives the guest keys: at its serial port, or where somebody else says. */
  type = (bytes: Uint8Array): void => this.machine.receive(bytes);
  /** Where what has been waited for ends. */
  private seen = 0;

  constructor(images: BootImages, options: { memoryBytes: number; virtio?: readonly VirtioDevice[] }) {
    const output = (bytes: Uint8Array): void => this.hear(bytes);
    this.machine = EmulatedMachine.create({ ...options, codePages: 4096, console: { output } });
    this.machine.boot(images);
  }

  /** The guest has written these. */
  hear(bytes: Uint8Array): void {
    this.text += String.fromCharCode(...bytes);
  }

  /**
   * Runs until the guest has written `pattern` behind what was waited for before.
   * @returns what it has written up to there
   * @throws Error with the last output after `most` instructions, or when the guest stops
   */
  until(pattern: RegExp, most = 1.5e9): string {
    for (let left = most; left > 0;) {
      const match = pattern.exec(this.text.slice(this.seen));
      if (match !== null) {
        const end = this.seen + match.index + match[0].length;
        const text = this.text.slice(this.seen, end);
        this.seen = end;
        return text;
      }
      if (this.step(left) !== 'budget') break;
      left -= STEP;
    }
    throw new Error(`expected ${pattern} on the console, got ...${JSON.stringify(this.text.slice(-2000))}`);
  }

  /** @returns what the guest printed between its echo of `line` and its next prompt */
  command(line: string, prompt: RegExp, most?: number): string {
    this.type(new TextEncoder().encode(`${line}\n`));
    const text = this.until(prompt, most);
    return text.slice(text.indexOf('\n') + 1).replace(prompt, '');
  }

  /** Runs until the guest powers off or resets. @throws Error when it does not */
  untilStopped(most = 1e9): string {
    for (let left = most; left > 0; left -= STEP) {
      if (this.step(left) === 'stopped') return this.machine.system.stopped!.kind;
    }
    throw new Error(`expected the guest to stop, got ...${JSON.stringify(this.text.slice(-2000))}`);
  }

  private step(most: number): string {
    const { kind, consumed } = this.machine.system.run(Math.min(STEP, most));
    this.instructions += consumed;
    this.between();
    return kind;
  }
}

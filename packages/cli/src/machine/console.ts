/** The machine's serial port at the command's standard streams. */
import { isInteractive, Keyboard, standardOutput } from '../host/stdio.js';

const CTRL_A = 1;

/** Ctrl-A commands, as QEMU has them: x quits, h helps, Ctrl-A itself goes to the guest. */
export class EscapeKeys {
  private isCommand = false;
  private readonly quit: () => void;
  private readonly help: () => void;

  constructor(quit: () => void, help: () => void) {
    this.quit = quit;
    this.help = help;
  }

  /** @returns what the guest gets of these key strokes */
  filter(bytes: Uint8Array): Uint8Array {
    const kept: number[] = [];
    for (const byte of bytes) {
      if (this.isCommand) this.command(byte, kept);
      else if (byte === CTRL_A) this.isCommand = true;
      else kept.push(byte);
    }
    return Uint8Array.from(kept);
  }

  private command(byte: number, kept: number[]): void {
    this.isCommand = false;
    const key = String.fromCharCode(byte).toLowerCase();
    if (byte === CTRL_A || key === 'a') kept.push(CTRL_A);
    else if (key === 'x') this.quit();
    else if (key === 'h' || key === '?') this.help();
  }
}

/** Gathers a guest's single bytes into writes of some length. */
export class OutputBuffer {
  private bytes: number[] = [];

  readonly push = (bytes: Uint8Array): void => {
    for (const byte of bytes) this.bytes.push(byte);
  };

  flush(): void {
    if (this.bytes.length === 0) return;
    standardOutput.write(Uint8Array.from(this.bytes));
    this.bytes = [];
  }
}

/** Standard input: keys of a terminal in raw mode, or what a file or pipe holds. */
export interface ConsoleInput {
  /** No more will come. */
  readonly ended: boolean;
  /** Resolves at the next bytes, at their end, or after `mostMs`. */
  wait(mostMs: number): Promise<void>;
  /** Ends a `wait` that is under way. */
  wake(): void;
  close(): void;
}

export interface ConsoleOptions {
  receive(bytes: Uint8Array): void;
  /** Ctrl-A x at a terminal. */
  quit(): void;
  /** False: a terminal stays in line mode, without Ctrl-A commands. */
  readonly raw: boolean;
}

const HELP = '\r\nCtrl-A x: quit   Ctrl-A h: this help   Ctrl-A Ctrl-A: send Ctrl-A\r\n';

export function openConsole(options: ConsoleOptions): ConsoleInput {
  let ended = false;
  let wake = (): void => undefined;
  const receive = (bytes: Uint8Array): void => {
    options.receive(bytes);
    wake();
  };
  const end = (): void => {
    ended = true;
    wake();
  };
  const close =
    options.raw && isInteractive() ? connectKeyboard(receive, options, () => wake()) : connect(receive, end);
  return {
    get ended(): boolean {
      return ended;
    },
    wait: (mostMs) =>
      new Promise((resolve) => {
        const timer = mostMs === Infinity ? undefined : setTimeout(resolve, mostMs);
        wake = (): void => {
          clearTimeout(timer);
          resolve();
        };
      }),
    wake: () => wake(),
    close,
  };
}

function connectKeyboard(receive: (bytes: Uint8Array) => void, options: ConsoleOptions, wake: () => void): () => void {
  const quit = (): void => {
    options.quit();
    wake();
  };
  const keys = new EscapeKeys(quit, () => standardOutput.write(HELP));
  const keyboard = new Keyboard((bytes) => receive(keys.filter(bytes)));
  return () => keyboard.close();
}

function connect(receive: (bytes: Uint8Array) => void, end: () => void): () => void {
  const { stdin } = process;
  const events = ['end', 'close', 'error'] as const;
  stdin.on('data', receive);
  for (const name of events) stdin.on(name, end);
  return () => {
    stdin.off('data', receive);
    for (const name of events) stdin.off(name, end);
    stdin.pause();
  };
}

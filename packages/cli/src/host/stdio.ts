/** The command's own standard streams. */

/** Standard input as pieces of bytes; ends with it. */
export async function* standardInput(): AsyncGenerator<Uint8Array> {
  for await (const chunk of process.stdin) yield chunk as Buffer;
}

/** 128 + SIGPIPE, as a shell shows it for a command whose reader has gone. */
export const BROKEN_PIPE_STATUS = 141;

/** Notices when nobody reads standard output or error any more (`veridian run ... | head`). */
export interface OutputWatch {
  /** Aborted when that happens. */
  readonly signal: AbortSignal;
  /** Stops watching. */
  release(): void;
}

export function watchOutput(): OutputWatch {
  const controller = new AbortController();
  const onError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error;
    controller.abort();
  };
  const streams = [process.stdout, process.stderr];
  for (const stream of streams) stream.on('error', onError);
  return {
    signal: controller.signal,
    release: () => {
      for (const stream of streams) stream.off('error', onError);
    },
  };
}

/** True when a person sits at both ends. Output first: the input's stream takes a while to make. */
export function isInteractive(): boolean {
  return process.stdout.isTTY === true && process.stdin.isTTY === true;
}

/** The keyboard byte by byte: raw mode until `close`. */
export class Keyboard {
  private readonly onData: (chunk: Buffer) => void;
  private readonly onResize: (() => void) | undefined;

  constructor(receive: (bytes: Uint8Array) => void, resize?: (rows: number, columns: number) => void) {
    this.onData = receive;
    this.onResize = resize && ((): void => resize(process.stdout.rows, process.stdout.columns));
    process.stdin.setRawMode(true);
    process.stdin.on('data', this.onData);
    process.stdin.resume();
    if (this.onResize !== undefined) {
      this.onResize();
      process.stdout.on('resize', this.onResize);
    }
  }

  close(): void {
    process.stdin.off('data', this.onData);
    if (this.onResize !== undefined) process.stdout.off('resize', this.onResize);
    process.stdin.setRawMode(false);
    process.stdin.pause();
  }
}

/** What the page and a worker with a computer in it say to each other. */

/** To the worker: keys, as the terminal encodes them, and the size of its window. */
export type ToComputer =
  | { readonly kind: 'start'; readonly rows: number; readonly columns: number }
  | { readonly kind: 'keys'; readonly bytes: Uint8Array };

/** From it: what its console shows, what it is doing, and its end. */
export type FromComputer =
  | { readonly kind: 'output'; readonly bytes: Uint8Array }
  | { readonly kind: 'status'; readonly text: string }
  | { readonly kind: 'end'; readonly text: string };

/** A computer that the page can sit in front of. */
export interface Computer {
  keys(bytes: Uint8Array): void;
  /** Resolves to how it ended. */
  readonly ended: Promise<string>;
}

export interface Screen {
  readonly rows: number;
  readonly columns: number;
  output(bytes: Uint8Array): void;
  status(text: string): void;
}

interface WorkerScope {
  onmessage: ((event: { readonly data: ToComputer }) => void) | null;
  postMessage(message: FromComputer): void;
}

/** Makes the worker that this runs in serve one computer. */
export function serve(boot: (screen: Screen) => Promise<Computer>): void {
  const scope = globalThis as unknown as WorkerScope;
  const begin = async (rows: number, columns: number): Promise<void> => {
    const computer = await boot({
      rows,
      columns,
      output: (bytes) => scope.postMessage({ kind: 'output', bytes: bytes.slice() }),
      status: (text) => scope.postMessage({ kind: 'status', text }),
    });
    scope.onmessage = ({ data }) => void (data.kind === 'keys' && computer.keys(data.bytes));
    scope.postMessage({ kind: 'end', text: await computer.ended });
  };
  scope.onmessage = ({ data }) => {
    if (data.kind !== 'start') return;
    begin(data.rows, data.columns).catch((error: unknown) => scope.postMessage({ kind: 'end', text: String(error) }));
  };
}

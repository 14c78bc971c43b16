/**
 * The few things that Node and browsers both offer and that driving a kernel needs, typed here: packages above the
 * kernel are checked without any host's types.
 */
interface Port {
  onmessage: (() => void) | null;
  postMessage(value: unknown): void;
  close(): void;
}

interface HostGlobals {
  readonly performance: { now(): number };
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  /** Node only. */
  readonly setImmediate?: (run: () => void) => void;
  readonly MessageChannel: new () => { readonly port1: Port; readonly port2: Port };
}

export const host: HostGlobals = globalThis as unknown as HostGlobals;

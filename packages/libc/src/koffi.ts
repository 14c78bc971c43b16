/**
 * Koffi, if it is installed. It is resolved at run time from wherever this module ended up (ESM, CommonJS, somebody's
 * bundle), so that neither a bundler nor a program without it ever notices.
 */
import type { Require } from './host.js';
import { hostProcess } from './host.js';

/** A C function. Pointers are typed arrays, or numbers where the declared type is an integer. */
export type NativeFunction = (...values: (number | string | Uint8Array | Int32Array)[]) => number;

/** The part of koffi's interface that this package uses. */
export interface Koffi {
  /** @param path null = the libraries that the process has loaded already */
  load(path: string | null): { func(name: string, result: string, parameters: string[]): NativeFunction };
  view(address: number, length: number): ArrayBuffer;
  errno(): number;
  /** The C type of functions with this result and these parameters. */
  proto(result: string, parameters: string[]): unknown;
  /** The function of that type at an address. */
  decode(address: bigint, type: unknown): () => number | bigint;
}

/** Defined in CommonJS modules only. */
declare const __filename: string | undefined;

function requireFromHere(): Require {
  const module = hostProcess()?.getBuiltinModule('node:module');
  if (module === undefined) throw new Error('there is no Node.js');
  const here = typeof __filename === 'string' ? __filename : (import.meta as unknown as { readonly url: string }).url;
  return module.createRequire(here);
}

/** @throws Error when it is not installed or does not load here */
export function loadKoffi(): Koffi {
  return requireFromHere()('koffi') as Koffi;
}

/** Where koffi is, for child processes that load it themselves. @throws Error when it is not installed */
export function koffiPath(): string {
  return requireFromHere().resolve('koffi');
}

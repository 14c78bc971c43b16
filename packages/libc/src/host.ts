/**
 * The little of Node.js that this package needs, typed here: packages above it are checked without any host's types.
 * Found at run time, so that bundles for other hosts load too.
 */
export interface Require {
  (name: string): unknown;
  resolve(name: string): string;
}

interface Process {
  readonly platform: string;
  readonly arch: string;
  readonly pid: number;
  getBuiltinModule(name: 'node:module'): { createRequire(from: string): Require };
  getBuiltinModule(name: 'node:worker_threads'): unknown;
}

/** @returns undefined where there is no Node.js */
export function hostProcess(): Process | undefined {
  return (globalThis as { readonly process?: Process }).process;
}

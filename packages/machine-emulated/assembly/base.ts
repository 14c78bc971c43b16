/**
 * Which build this is: the plain one, for a machine with one CPU. `base-shared.ts` takes this file's place in the build for
 * several CPUs (tools/asbuild.mjs).
 */

/** Other CPUs use the same memory: what they may see half done is done atomically. */
export const SHARED: bool = false;
/** Address of this CPU's own part of the memory (layout.ts). */
export const BASE: usize = 0;

/** Stands in for `base.ts` in the build for several CPUs. */
export const SHARED: bool = true;

// @ts-ignore: decorator
@external('env', 'base')
export declare const BASE: usize;

/**
 * Branded integers: the same machine number, a different meaning.
 *
 * A brand costs nothing at run time. Values are branded where they enter (a constructor, a validated
 * argument) and trusted inside.
 */
type Brand<Name extends string> = number & { readonly __brand: Name };

/** Guest physical address in bytes; fits in 53 bits. */
export type PhysAddr = Brand<'PhysAddr'>;
/** Guest physical page number: physical address / 4096. */
export type Frame = Brand<'Frame'>;
/** Buddy order: a block of 2^order frames. */
export type Order = Brand<'Order'>;
/** Guest virtual address that is known to be canonical and below 2^53. */
export type VirtAddr = Brand<'VirtAddr'>;
/** Address-space identifier as the MMU tags translations with it. */
export type Asid = Brand<'Asid'>;
/** A register file with its FP state, owned by a machine. */
export type ContextId = Brand<'ContextId'>;
/** Index of a CPU (hart, vCPU) of a machine, from 0. */
export type CpuId = Brand<'CpuId'>;
/** Retired guest instructions. */
export type Instructions = Brand<'Instructions'>;
/** Nanoseconds of the machine's clock; exact below 2^53 (104 days). */
export type Nanoseconds = Brand<'Nanoseconds'>;
/** Kernel-wide thread number; index of the scheduler's and ipc's tables. */
export type ThreadId = Brand<'ThreadId'>;
/** Kernel-wide process number. */
export type ProcessId = Brand<'ProcessId'>;
/** Identifier of a wait queue, see {@link WaitPort}. */
export type WaitQueueId = Brand<'WaitQueueId'>;
/** Inode number, unique within one file-system instance. */
export type Ino = Brand<'Ino'>;

/** Bytes in a frame and in a base page. */
export const PAGE_SIZE = 4096;
/** log2 of {@link PAGE_SIZE}. */
export const PAGE_SHIFT = 12;
/** "No such index" in tables of unsigned ids. */
export const NONE = -1;

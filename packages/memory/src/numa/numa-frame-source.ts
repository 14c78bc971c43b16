/** Frames that come from a node, by policy: what the fault handler, migration and huge pages are written against. */
import type { Errno, Frame, FrameSource } from '@veridian-os/abi';
import type { Mobility } from '../frames/block-source.js';
import type { NodeStatistics, Pressure, Urgency, Watermarks } from './node-state.js';
import type { CompiledPolicy } from './policy.js';
import type { NumaTopology } from './topology.js';

export interface NumaFrameSource extends FrameSource {
  readonly topology: NumaTopology;
  /**
   * A frame for a page of a program, or ENOMEM: from the first node of the policy's order that has more than `low` frames
   * free, else from the first that has more than `urgency` must leave.
   * @param policy compiled for `topology`
   * @param node of the CPU that faults
   * @param index of the page or fault, for policies that interleave, see {@link CompiledPolicy.order}
   * @throws KernelPanic `memory/no-such-node`
   */
  allocPage(policy: CompiledPolicy, node: number, index: number, urgency?: Urgency): Frame | Errno;
  allocPageZeroed(policy: CompiledPolicy, node: number, index: number, urgency?: Urgency): Frame | Errno;
  /** A frame of this node and no other, where that leaves `leave` frames free; else ENOMEM. For migration. */
  allocOn(node: number, leave?: number): Frame | Errno;
  /** Takes exactly this frame: 0, or ENOMEM when it is in use, or the block source cannot. For compaction. */
  allocAt(frame: Frame): 0 | Errno;
  /**
   * `count` consecutive frames of one region with unspecified contents, each with one reference of its own and released by
   * itself; the first frame's number is a multiple of 2^align. ENOMEM; EINVAL unless `count` >= 1 and `align` is 0 .. 30.
   * Runs beyond the block source's largest block are found by a scan, where it can `allocAt`, whatever
   * the mobility.
   * @param align default: the power of two that covers `count`
   * @param node only of this node; default any
   */
  allocContiguous(count: number, align?: number, node?: number, mobility?: Mobility): Frame | Errno;
  /** Node of a frame. @throws KernelPanic `memory/no-such-frame` */
  nodeOf(frame: Frame): number;
  freeOn(node: number): number;
  /** Free blocks of exactly 2^order frames on the node; 0 where the block source does not tell. */
  freeBlocks(node: number, order: number): number;
  /** The node's frames, as runs in ascending order; reserved ones are among them. */
  spans(node: number): { readonly first: Frame; readonly count: number }[];
  /** All 0 at first: then `alloc` and `allocPage` hand out every frame. */
  watermarks(node: number): Watermarks;
  /** @throws RangeError unless 0 <= min <= low <= high <= the node's frames */
  setWatermarks(node: number, marks: Watermarks): void;
  pressure(node: number): Pressure;
  /** The last node that `allocPage` found at or below `low` since the last call, or -1: demotion or reclaim is due there. */
  takeShortNode(): number;
  statistics(node: number): NodeStatistics;
}

/**
 * Robust futex lists (linux/futex.h).
 *
 *   robust_list_head  0 list.next  8 futex_offset (signed)  16 list_op_pending
 *   robust_list       0 next; bit 0 of a pointer marks a PI futex
 */
import { getSignedWide, getWide } from './words.js';

export const ROBUST_LIST_HEAD_BYTES = 24;

export interface RobustListHead {
  readonly first: number;
  readonly futexOffset: number;
  readonly pending: number;
}

export function decodeRobustListHead(view: DataView): RobustListHead {
  return { first: getWide(view, 0), futexOffset: getSignedWide(view, 8), pending: getWide(view, 16) };
}

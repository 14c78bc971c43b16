/** Capability spaces, rights, derivation. */
import type { Errno } from '@veridian-os/abi';

/** Rights bits; a derived capability never has more than its parent. */
export const Rights = {
  Read: 1,
  Write: 2,
  Execute: 4,
  /** May be copied to another space (by IPC or `copy`). */
  Grant: 8,
  /** May mint and revoke. */
  Mint: 16,
  /** May change the object's attributes or control it (kill, configure). */
  Control: 32,
  All: 63,
} as const;

/** Type of a kernel object. The kernel assigns meaning; 0 = none. */
export type ObjectType = number;
/** Index of the object in its owner's table. */
export type ObjectId = number;
/** Capability space. */
export type SpaceId = number;

/**
 * A capability token is two unsigned words: `lo` = slot, `hi` = generation and tag. It is only meaningful inside one
 * space. Methods that make one return 0 or an Errno and leave the token in `tokenLo`/`tokenHi` of the table (no allocation).
 */
export interface CapabilityTable {
  readonly tokenLo: number;
  readonly tokenHi: number;
  /** Live capabilities in all spaces. */
  readonly liveCount: number;

  /** New empty space of at most `maxSlots` capabilities, or ENOMEM. */
  createSpace(maxSlots: number): SpaceId | Errno;
  /** Deletes every capability in it (their descendants elsewhere stay), then the space; see `takeDead`. */
  destroySpace(space: SpaceId): void;
  slotsUsed(space: SpaceId): number;

  /** Root capability of a new object. ENOSPC when the space is full, ENOMEM when the table is. */
  insert(space: SpaceId, type: ObjectType, object: ObjectId, rights: number, badge: number): 0 | Errno;
  /**
   * Object behind a token if it is live, of this type and has all of `rights`: its id.
   * EBADF: stale, foreign or garbage token, or another type; EACCES: rights missing. O(1), no allocation.
   */
  lookup(space: SpaceId, lo: number, hi: number, type: ObjectType, rights: number): ObjectId | Errno;
  /** Attributes of a live capability, or EBADF. */
  typeOf(space: SpaceId, lo: number, hi: number): ObjectType | Errno;
  rightsOf(space: SpaceId, lo: number, hi: number): number | Errno;
  badgeOf(space: SpaceId, lo: number, hi: number): number | Errno;

  /** Child capability in `toSpace` with `rights` (must be a subset, else EACCES) and `badge` (may be set once: EINVAL if the source already has one). Needs Mint, and Grant when the spaces differ. */
  mint(space: SpaceId, lo: number, hi: number, toSpace: SpaceId, rights: number, badge: number): 0 | Errno;
  /** Child with the same badge and `rights & mask`. Needs Grant when the spaces differ. */
  copy(space: SpaceId, lo: number, hi: number, toSpace: SpaceId, mask: number): 0 | Errno;
  /** The capability itself changes space and token; its place in the derivation tree stays. Needs Grant. */
  move(space: SpaceId, lo: number, hi: number, toSpace: SpaceId): 0 | Errno;
  /** Removes one capability; its children become children of its parent. EBADF. */
  delete(space: SpaceId, lo: number, hi: number): 0 | Errno;
  /**
   * Deletes every descendant, wherever it travelled; at most `limit` per call.
   * Returns the number of capabilities still to delete (0 = finished), or EBADF, EACCES (needs Mint).
   */
  revoke(space: SpaceId, lo: number, hi: number, limit: number): number | Errno;
  /**
   * Objects whose last capability went away, one per call: true when `deadType`/`deadObject` hold the next one. The
   * kernel drains this after each operation and destroys the objects, in one place.
   */
  takeDead(): boolean;
  readonly deadType: ObjectType;
  readonly deadObject: ObjectId;
  /** Every live capability, for `caps` and audits. */
  forEach(
    visit: (
      space: SpaceId,
      lo: number,
      hi: number,
      type: ObjectType,
      object: ObjectId,
      rights: number,
      badge: number,
    ) => void,
  ): void;
}

/** Most slots of a table and most spaces; a token's slot has 24 bits. */
export const MAX_CAPACITY = 2 ** 24;
/** Largest object type. */
export const MAX_TYPE = 2 ** 24 - 1;
/** Capabilities that may live in one slot, one after the other, before it is retired. */
export const MAX_GENERATIONS = 2 ** 31;

/** What a table is built from. All memory (about 76 bytes a slot, untouched until used) is reserved by the constructor. */
export interface CapabilityOptions {
  /** Most live capabilities in all spaces; 1 to MAX_CAPACITY, default 65,536. */
  readonly capacity?: number;
  /** Most live spaces; 1 to MAX_CAPACITY, default 4,096. */
  readonly spaces?: number;
  /** Capabilities per slot before it is retired; 1 to MAX_GENERATIONS (the default). */
  readonly generations?: number;
}

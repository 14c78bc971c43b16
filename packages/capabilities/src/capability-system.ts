/**
 * Capabilities of all spaces in one table.
 *
 * Shapes     n = capacity rounded up to a power of two
 *   words    Int32Array[n * 4]   what a lookup reads, in one quarter of a cache line: generation, space,
 *                                type << 8 | rights that it lacks, object
 *   badges   Uint32Array[n]
 *   records  Int32Array[n]       the object's record in the registry
 *   and the arrays of the slot pool, the space table, the derivation tree and the object registry
 * Tokens     lo = slot, hi = generation; bit 0 of a generation is the tag, 1 in every valid token
 * Invariant  a live slot has an odd generation, is in exactly one space's list and in the derivation tree, and counts
 *            once for its object; a free one has space NONE and type 0
 * Cost       O(1) but destroySpace (the space's capabilities) and revoke (at most `limit`); no allocation after
 *            construction
 * Source     derivation, badges and revoke after seL4 (reference manual, ch. 3) and KeyKOS; generations after EROS
 *
 * Speculation. A guest chooses `lo`, so a mispredicted bounds check could read beyond the table. `lo` is therefore masked
 * to the table before any load, not tested, and the object id that `lookup` returns is cleared by arithmetic, not by a
 * branch, when any check fails. Residual risk: within the table a wrong guess still loads another capability's record into
 * the cache, and a compiler may turn the arithmetic into a branch; a host that runs hostile code of other tenants in the
 * same process needs its own isolation.
 */
import { EACCES, EBADF, EINVAL, ENOENT, ENOMEM, ENOSPC, NONE, type Errno } from '@veridian-os/abi';
import {
  MAX_CAPACITY,
  MAX_GENERATIONS,
  MAX_TYPE,
  Rights,
  type CapabilityOptions,
  type CapabilityTable,
  type ObjectId,
  type ObjectType,
  type SpaceId,
} from './api.js';
import { DerivationTree } from './internal/derivation-tree.js';
import { ObjectRegistry } from './internal/object-registry.js';
import { SlotPool } from './internal/slot-pool.js';
import { SpaceTable } from './internal/space-table.js';

const { clz32 } = Math;

/** Words of a slot that a lookup reads. */
const STRIDE_SHIFT = 2;
const STRIDE = 1 << STRIDE_SHIFT;
const GENERATION = 0;
const SPACE = 1;
/** type << TYPE_SHIFT | rights that the capability lacks: one AND finds a wrong type and a missing right. */
const KIND = 2;
const OBJECT = 3;

/** Bit of the generation that every valid token has. */
const TAG = 1;
const TYPE_SHIFT = 8;
const RIGHTS_MASK = 0xff;

function checkRange(name: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw new RangeError(`${name}: expected an integer from 1 to ${max}, got ${value}`);
}

export class CapabilitySystem implements CapabilityTable {
  tokenLo = 0;
  tokenHi = 0;
  liveCount = 0;
  /** Most capabilities that may live at once. */
  readonly capacity: number;

  private readonly mask: number;
  private readonly words: Int32Array<ArrayBuffer>;
  private readonly badges: Uint32Array<ArrayBuffer>;
  private readonly records: Int32Array<ArrayBuffer>;
  private readonly slots: SlotPool;
  private readonly spaces: SpaceTable;
  private readonly tree: DerivationTree;
  private readonly objects: ObjectRegistry;

  /** @throws RangeError for an option out of range */
  constructor({ capacity = 65536, spaces = 4096, generations = MAX_GENERATIONS }: CapabilityOptions = {}) {
    checkRange('capacity', capacity, MAX_CAPACITY);
    checkRange('spaces', spaces, MAX_CAPACITY);
    checkRange('generations', generations, MAX_GENERATIONS);
    const log2 = Math.max(1, 32 - clz32(capacity - 1));
    const size = 2 ** log2;
    this.capacity = capacity;
    this.mask = size - 1;
    this.words = new Int32Array(size * STRIDE);
    this.badges = new Uint32Array(size);
    this.records = new Int32Array(size);
    this.slots = new SlotPool(this.words, STRIDE, capacity, (2 * generations - 1) | 0);
    this.spaces = new SpaceTable(spaces, size);
    this.tree = new DerivationTree(size);
    this.objects = new ObjectRegistry(log2);
  }

  /** Slots that will never be used again because their generations are used up. */
  get retiredCount(): number {
    return this.slots.retired;
  }

  get deadType(): ObjectType {
    return this.objects.deadType;
  }

  get deadObject(): ObjectId {
    return this.objects.deadObject;
  }

  createSpace(maxSlots: number): SpaceId | Errno {
    if (!Number.isInteger(maxSlots) || maxSlots < 1 || maxSlots > MAX_CAPACITY) return EINVAL;
    const space = this.spaces.create(maxSlots);
    return space === NONE ? ENOMEM : space;
  }

  destroySpace(space: SpaceId): void {
    this.spaces.check(space);
    for (let slot = this.spaces.firstSlot(space); slot !== NONE; slot = this.spaces.firstSlot(space)) this.remove(slot);
    this.spaces.destroy(space);
  }

  slotsUsed(space: SpaceId): number {
    this.spaces.check(space);
    return this.spaces.usedBy(space);
  }

  insert(space: SpaceId, type: ObjectType, object: ObjectId, rights: number, badge: number): 0 | Errno {
    if ((type | 0) !== type || type < 1 || type > MAX_TYPE) return EINVAL;
    if ((object | 0) !== object || object < 0) return EINVAL;
    if ((rights & Rights.All) !== rights || !isBadge(badge)) return EINVAL;
    const slot = this.takeSlot(space);
    if (slot < 0) return slot as Errno;
    const record = this.objects.acquire(type, object);
    if (record === NONE) {
      this.slots.give(slot);
      return ENOMEM;
    }
    this.tree.addRoot(slot);
    this.fill(slot, space, kindOf(type, rights), object, badge, record);
    return 0;
  }

  lookup(space: SpaceId, lo: number, hi: number, type: ObjectType, rights: number): ObjectId | Errno {
    const words = this.words;
    const slot = lo & this.mask;
    const at = slot << STRIDE_SHIFT;
    const malformed = (lo ^ slot) | (~hi & TAG) | (rights & ~RIGHTS_MASK);
    const lacking = (words[at + KIND] ^ (type << TYPE_SHIFT)) & (rights | ~RIGHTS_MASK);
    const refused = (words[at + GENERATION] ^ hi) | (words[at + SPACE] ^ space) | (lacking | malformed);
    // -1 when every check passed (refused = 0), else 0: the id depends on the checks as data, not only as control flow.
    const object = words[at + OBJECT] & ((~refused & (refused - 1)) >> 31);
    if (refused === 0) return object;
    return this.typeOf(space, lo, hi) === type ? EACCES : EBADF;
  }

  typeOf(space: SpaceId, lo: number, hi: number): ObjectType | Errno {
    const slot = this.find(space, lo, hi);
    return slot < 0 ? EBADF : this.words[slot * STRIDE + KIND] >>> TYPE_SHIFT;
  }

  rightsOf(space: SpaceId, lo: number, hi: number): number | Errno {
    const slot = this.find(space, lo, hi);
    return slot < 0 ? EBADF : this.rightsAt(slot);
  }

  badgeOf(space: SpaceId, lo: number, hi: number): number | Errno {
    const slot = this.find(space, lo, hi);
    return slot < 0 ? EBADF : this.badges[slot];
  }

  mint(space: SpaceId, lo: number, hi: number, toSpace: SpaceId, rights: number, badge: number): 0 | Errno {
    const source = this.find(space, lo, hi);
    if (source < 0) return EBADF;
    const held = this.rightsAt(source);
    if ((held & Rights.Mint) === 0 || (rights & held) !== rights) return EACCES;
    if (space !== toSpace && (held & Rights.Grant) === 0) return EACCES;
    const inherited = this.badges[source];
    if (badge !== 0 && (inherited !== 0 || !isBadge(badge))) return EINVAL;
    return this.derive(source, toSpace, rights, badge === 0 ? inherited : badge);
  }

  copy(space: SpaceId, lo: number, hi: number, toSpace: SpaceId, mask: number): 0 | Errno {
    const source = this.find(space, lo, hi);
    if (source < 0) return EBADF;
    const held = this.rightsAt(source);
    if (space !== toSpace && (held & Rights.Grant) === 0) return EACCES;
    return this.derive(source, toSpace, held & mask, this.badges[source]);
  }

  move(space: SpaceId, lo: number, hi: number, toSpace: SpaceId): 0 | Errno {
    const slot = this.find(space, lo, hi);
    if (slot < 0) return EBADF;
    const at = slot * STRIDE;
    if ((this.rightsAt(slot) & Rights.Grant) === 0) return EACCES;
    this.spaces.check(toSpace);
    if (space !== toSpace && this.spaces.isFull(toSpace)) return ENOSPC;
    if (this.slots.isWornOut(slot)) return this.relocate(slot, toSpace);
    this.slots.renew(slot);
    this.spaces.remove(space, slot);
    this.spaces.add(toSpace, slot);
    this.words[at + SPACE] = toSpace;
    this.setToken(slot);
    return 0;
  }

  delete(space: SpaceId, lo: number, hi: number): 0 | Errno {
    const slot = this.find(space, lo, hi);
    if (slot < 0) return EBADF;
    this.remove(slot);
    return 0;
  }

  /**
   * As {@link CapabilityTable.revoke}. What is left is not counted, which would take as long as deleting it: 1 means "some".
   * Each deleted descendant hands its children to the revoked capability, so a stopped revoke is found again at once.
   */
  revoke(space: SpaceId, lo: number, hi: number, limit: number): number | Errno {
    const slot = this.find(space, lo, hi);
    if (slot < 0) return EBADF;
    if ((this.rightsAt(slot) & Rights.Mint) === 0) return EACCES;
    let child = this.tree.firstChild(slot);
    for (let step = 0; step < limit && child !== NONE; step++) {
      this.remove(child);
      child = this.tree.firstChild(slot);
    }
    return child === NONE ? 0 : 1;
  }

  takeDead(): boolean {
    return this.objects.takeDead();
  }

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
  ): void {
    const words = this.words;
    for (let slot = 0; slot < this.slots.highWater; slot++) {
      const at = slot * STRIDE;
      const space = words[at + SPACE];
      if (space === NONE) continue;
      const hi = words[at + GENERATION] >>> 0;
      const type = words[at + KIND] >>> TYPE_SHIFT;
      visit(space, slot, hi, type, words[at + OBJECT], this.rightsAt(slot), this.badges[slot]);
    }
  }

  /**
   * The capability that this one was derived from: its space, with the token in `tokenLo` and `tokenHi`. EBADF, or ENOENT
   * for one without a parent. Linear in the younger siblings; for audits.
   */
  parentOf(space: SpaceId, lo: number, hi: number): SpaceId | Errno {
    const slot = this.find(space, lo, hi);
    if (slot < 0) return EBADF;
    const parent = this.tree.parentOf(slot);
    if (parent === NONE) return ENOENT;
    this.setToken(parent);
    return this.words[parent * STRIDE + SPACE];
  }

  private rightsAt(slot: number): number {
    return ~this.words[slot * STRIDE + KIND] & RIGHTS_MASK;
  }

  /** Slot of a live capability of `space`, or NONE. */
  private find(space: SpaceId, lo: number, hi: number): number {
    const slot = lo & this.mask;
    const at = slot << STRIDE_SHIFT;
    const foreign = (lo ^ slot) | (this.words[at + GENERATION] ^ hi) | (this.words[at + SPACE] ^ space) | (~hi & TAG);
    return foreign === 0 ? slot : NONE;
  }

  /** A slot for `space`, or ENOSPC, ENOMEM. */
  private takeSlot(space: SpaceId): number {
    this.spaces.check(space);
    if (this.spaces.isFull(space)) return ENOSPC;
    const slot = this.slots.take();
    return slot === NONE ? ENOMEM : slot;
  }

  private derive(source: number, space: SpaceId, rights: number, badge: number): 0 | Errno {
    const slot = this.takeSlot(space);
    if (slot < 0) return slot as Errno;
    const from = source * STRIDE;
    const record = this.records[source];
    this.objects.retain(record);
    this.tree.addChild(source, slot);
    const type = this.words[from + KIND] >>> TYPE_SHIFT;
    this.fill(slot, space, kindOf(type, rights), this.words[from + OBJECT], badge, record);
    return 0;
  }

  private fill(slot: number, space: SpaceId, kind: number, object: ObjectId, badge: number, record: number): void {
    const at = slot * STRIDE;
    this.words[at + SPACE] = space;
    this.words[at + KIND] = kind;
    this.words[at + OBJECT] = object;
    this.badges[slot] = badge;
    this.records[slot] = record;
    this.spaces.add(space, slot);
    this.liveCount++;
    this.setToken(slot);
  }

  private setToken(slot: number): void {
    this.tokenLo = slot;
    this.tokenHi = this.words[slot * STRIDE + GENERATION] >>> 0;
  }

  private remove(slot: number): void {
    this.tree.remove(slot);
    this.objects.release(this.records[slot]);
    this.empty(slot);
  }

  /** Gives a slot back whose tree position and object reference are taken care of. */
  private empty(slot: number): void {
    const at = slot * STRIDE;
    this.spaces.remove(this.words[at + SPACE], slot);
    this.words[at + SPACE] = NONE;
    this.words[at + KIND] = 0;
    this.words[at + OBJECT] = 0;
    this.slots.give(slot);
    this.liveCount--;
  }

  /** Moves a capability whose slot has no generation left into a fresh slot. */
  private relocate(slot: number, toSpace: SpaceId): 0 | Errno {
    const fresh = this.slots.take();
    if (fresh === NONE) return ENOMEM;
    const at = slot * STRIDE;
    const words = this.words;
    this.tree.replace(slot, fresh);
    this.fill(fresh, toSpace, words[at + KIND], words[at + OBJECT], this.badges[slot], this.records[slot]);
    this.empty(slot);
    return 0;
  }
}

function kindOf(type: ObjectType, rights: number): number {
  return (type << TYPE_SHIFT) | (~rights & RIGHTS_MASK);
}

function isBadge(badge: number): boolean {
  return badge >>> 0 === badge;
}

/** A {@link CapabilityTable}; see {@link CapabilitySystem}. @throws RangeError for an option out of range */
export function createCapabilityTable(options: CapabilityOptions = {}): CapabilitySystem {
  return new CapabilitySystem(options);
}

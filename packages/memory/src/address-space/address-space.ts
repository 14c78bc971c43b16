/** The user memory of one process: mappings, page tables and copies, each in a file of its own in this folder. */
import { ENOMEM } from '@veridian-os/abi';
import type { Asid, Errno, Frame, WaitQueueId } from '@veridian-os/abi';
import type { AccessKind, ExecutePolicy, FaultResult, MapRequest, MappingInfo, UserSpace } from '../api.js';
import type { AsidAllocator } from '../asid-allocator.js';
import type { CommitAccount } from './commit-account.js';
import { PageTable } from '../page-table/page-table.js';
import { handleFault } from './fault.js';
import { forkInto } from './fork.js';
import { collapse, hugeBytes } from './huge.js';
import { discard, map, protect, unmap } from './map.js';
import { remap } from './remap.js';
import { lock, lockAll, lockedBytes, residency, setHuge, setMergeable } from './residency.js';
import { Space } from './space.js';
import type { SpaceEnvironment } from './space.js';
import * as userCopy from './user-copy.js';

export class AddressSpace implements UserSpace {
  private readonly space: Space;
  private readonly asids: AsidAllocator;
  private readonly group: CommitAccount;

  private constructor(space: Space, asids: AsidAllocator, group: CommitAccount) {
    this.space = space;
    this.group = group;
    this.asids = asids;
    space.env.spaces[space.table.asid] = space;
  }

  /** An empty space, or ENOMEM (no frame or no identifier left). */
  static create(
    env: SpaceEnvironment,
    asids: AsidAllocator,
    policy: ExecutePolicy,
    group: CommitAccount = env.commit,
  ): AddressSpace | Errno {
    const asid = asids.alloc();
    if (asid < 0) return ENOMEM;
    const root = env.frames.allocZeroed();
    if (root < 0) {
      asids.free(asid as Asid);
      return ENOMEM;
    }
    const table = new PageTable(env, root as Frame, asid as Asid, policy === 'strict');
    return new AddressSpace(new Space(env, table, policy, group), asids, group);
  }

  get root(): Frame {
    return this.space.table.root;
  }

  get asid(): Asid {
    return this.space.table.asid;
  }

  get virtualBytes(): number {
    return this.space.virtualBytes;
  }

  get residentFrames(): number {
    return this.space.table.residentFrames;
  }

  get tableFrames(): number {
    return this.space.table.tableFrames;
  }

  get swappedPages(): number {
    return this.space.table.swappedPages;
  }

  get committedBytes(): number {
    return this.space.account.committed;
  }

  get faultQueue(): WaitQueueId {
    return this.space.faultQueue;
  }

  setLimits(virtualBytes: number, residentFrames: number): void {
    this.space.virtualLimit = virtualBytes;
    this.space.frameLimit = residentFrames;
  }

  map(request: MapRequest): number | Errno {
    return map(this.space, request);
  }

  unmap(address: number, length: number): 0 | Errno {
    return unmap(this.space, address, length);
  }

  protect(address: number, length: number, prot: number): 0 | Errno {
    return protect(this.space, address, length, prot);
  }

  remap(address: number, oldLength: number, newLength: number, mayMove: boolean, newAddress?: number): number | Errno {
    return remap(this.space, address, oldLength, newLength, mayMove, newAddress);
  }

  discard(address: number, length: number): 0 | Errno {
    return discard(this.space, address, length);
  }

  lock(address: number, length: number, locked: boolean): 0 | Errno {
    return lock(this.space, address, length, locked);
  }

  lockAll(present: boolean | undefined, future: boolean): void {
    lockAll(this.space, present, future);
  }

  get lockedBytes(): number {
    return lockedBytes(this.space);
  }

  setMergeable(address: number, length: number, mergeable: boolean): 0 | Errno {
    return setMergeable(this.space, address, length, mergeable);
  }

  setHuge(address: number, length: number, huge: boolean): 0 | Errno {
    return setHuge(this.space, address, length, huge);
  }

  collapse(address: number, length: number): 0 | Errno {
    return collapse(this.space, address, length);
  }

  get hugeBytes(): number {
    return hugeBytes(this.space);
  }

  residency(address: number, into: Uint8Array): void {
    residency(this.space, address, into);
  }

  fault(address: number, access: AccessKind): FaultResult {
    return handleFault(this.space, address, access);
  }

  fork(): AddressSpace | Errno {
    const child = AddressSpace.create(this.space.env, this.asids, this.space.policy, this.group);
    if (typeof child === 'number') return child;
    const result = forkInto(this.space, child.space);
    if (result < 0) {
      child.destroy();
      return result as Errno;
    }
    return child;
  }

  destroy(): void {
    const { table, tree, env } = this.space;
    env.mmu.flushAddressSpace(table.asid);
    table.destroy();
    for (let mapping = tree.first; mapping !== null; mapping = tree.first) this.space.drop(mapping);
    if (this.space.merges) env.counters.mergeableSpaces--;
    env.hugeScanner.forget(this.space);
    env.spaces[table.asid] = undefined;
    this.asids.free(table.asid);
  }

  mappings(): MappingInfo[] {
    const list: MappingInfo[] = [];
    for (let mapping = this.space.tree.first; mapping !== null; mapping = mapping.next) {
      const { start, end, prot, shared, offset, label, source } = mapping;
      list.push({ start, end, prot, shared, offset, label, ino: source?.ino ?? 0 });
    }
    return list;
  }

  segments(
    address: number,
    length: number,
    access: AccessKind,
    out: Uint8Array<ArrayBufferLike>[],
    partial = false,
  ): number | Errno {
    return userCopy.segments(this.space, address, length, access, out, partial);
  }

  read(address: number, into: Uint8Array): 0 | Errno {
    return userCopy.read(this.space, address, into);
  }

  write(address: number, from: Uint8Array): 0 | Errno {
    return userCopy.write(this.space, address, from);
  }

  physical(address: number, access: AccessKind): number | Errno {
    return userCopy.physical(this.space, address, access);
  }

  isShared(address: number): boolean {
    return this.space.tree.find(address)?.shared ?? false;
  }

  readString(address: number, max: number): Uint8Array | Errno {
    return userCopy.readString(this.space, address, max);
  }
}

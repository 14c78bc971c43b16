/**
 * What the machine asks of ring 0: page-table edits that the host's kernel sees, and forgetting of translations.
 *
 * Two ways to change entries that the processor may have used:
 * - exchange: the monitor exchanges each entry and invalidates its address; exact, about 13 us each where interpreted.
 * - shed, where ring 0 is interpreted and page tables therefore are shadowed: the entries change in memory, then the
 *   monitor stores one byte into each table, not the first of an entry. No kernel updates an entry so, and KVM takes the
 *   page for something else and drops all that it shadowed of it (mmu.c, `detect_write_misaligned`); what is still needed
 *   is shadowed anew.
 *   About 10 us per table. Whether it works is tried when the machine is made; if it does not, each entry is exchanged.
 */
import { PAGE_SIZE } from '@veridian-os/abi';
import type { KvmKind } from '../api.js';
import type { GuestRam } from './guest-ram.js';
import type { MonitorPlan } from './monitor-image.js';
import { DIRECT_HIGH, DIRECT_SLOT, EDIT_CAPACITY, EDIT_WORDS, directEntry } from './monitor-image.js';
import { presentEntries, tablesBelow } from './page-walk.js';
import type { MonitorCode } from './stub.js';
import type { Vcpu } from './vcpu.js';
import type { VcpuPool } from './vcpu-pool.js';

const { floor } = Math;
const TWO_32 = 4294967296;
const SLOT_WORD = DIRECT_SLOT * 2;

export interface MonitorOptions {
  readonly pool: VcpuPool;
  readonly ram: GuestRam;
  readonly plan: MonitorPlan;
  readonly code: MonitorCode;
  /** The monitor's memory. */
  readonly words: Uint32Array<ArrayBufferLike>;
}

export class Monitor {
  /** The edits of `exchange`, EDIT_WORDS each: entry (address in the direct map), value, virtual address. */
  readonly list: Uint32Array<ArrayBufferLike>;
  /** Where ring 0 is interpreted, shadow tables belong to the machine, not to its vCPUs, and edits reach all of them. */
  kind: KvmKind = 'hardware';
  /** A byte stored into a table makes KVM drop its shadow. */
  sheds = false;
  /** Reaches vCPUs that run on other threads, after they were marked stale. */
  shootDown: () => void = () => undefined;
  private readonly options: MonitorOptions;
  /** Tables without a shadow since the guest ran last, by physical address. */
  private readonly bare = new Set<number>();
  private bareSince = -1;

  constructor(options: MonitorOptions) {
    this.options = options;
    const { words, plan } = options;
    const at = (plan.edits - plan.base) / 4;
    this.list = words.subarray(at, at + EDIT_CAPACITY * EDIT_WORDS);
  }

  /** Exchanges the first `count` entries of `list`; their values are the old ones afterwards. */
  exchange(count: number): void {
    const vcpu = this.call(this.options.code.edit, count);
    this.forgetElsewhere(vcpu);
  }

  /** Makes what memory says of these tables (physical addresses) the truth, whatever it said before. */
  renew(tables: readonly number[]): void {
    if (this.kind === 'hardware') return this.forgetElsewhere(undefined);
    const { turn } = this.options.pool;
    if (turn !== this.bareSince) this.bare.clear();
    this.bareSince = turn;
    let count = 0;
    for (const table of tables) {
      if (this.bare.has(table)) continue;
      this.bare.add(table);
      for (const place of this.sheds ? [table] : presentEntries(this.options.ram, table)) {
        if (count === EDIT_CAPACITY) count = this.touch(count);
        this.writeEntry(count++, place);
      }
    }
    if (count > 0) this.touch(count);
  }

  /** As `renew`, of every table of the address spaces at these roots. */
  renewSpaces(roots: Iterable<number>): void {
    if (this.kind === 'hardware') return this.forgetElsewhere(undefined);
    for (const root of roots) this.renew(tablesBelow(this.options.ram, root));
  }

  /** Makes a vCPU forget what it may have cached of entries that another one exchanged. */
  refresh(vcpu: Vcpu): void {
    const { code, plan } = this.options;
    this.adopt(vcpu);
    vcpu.call(plan.code + code.flush, 0, 0);
    vcpu.stale = false;
  }

  /** Address of edit `index`: the place in the direct map of a physical address. */
  writeEntry(index: number, physical: number): void {
    const at = index * EDIT_WORDS;
    this.list[at] = physical >>> 0;
    this.list[at + 1] = floor(physical / TWO_32) + DIRECT_HIGH;
  }

  /** @returns 0: edits left in the list */
  private touch(count: number): 0 {
    if (this.sheds) {
      this.call(this.options.code.shed, count);
      return 0;
    }
    const { list } = this;
    for (let i = 0; i < count; i++) list.fill(0, i * EDIT_WORDS + 2, (i + 1) * EDIT_WORDS);
    this.exchange(count); // out: the list has what was there ...
    this.exchange(count); // ... and in again
    return 0;
  }

  private forgetElsewhere(current: Vcpu | undefined): void {
    if (this.kind === 'hardware') this.markStale(current);
  }

  /** Every vCPU but one forgets its translations before it runs on. */
  markStale(current: Vcpu | undefined): void {
    for (const vcpu of this.options.pool.vcpus) if (vcpu !== current) vcpu.stale = true;
    this.shootDown();
  }

  private call(entry: number, count: number): Vcpu {
    const { pool, plan, code } = this.options;
    const { current } = pool;
    if (entry === code.edit) this.adopt(current);
    else current.setRoot(plan.root); // the tables in the list may be those that map the monitor
    current.call(plan.code + entry, plan.edits, count);
    return current;
  }

  /** The address space of the vCPU's last run may be gone; then it works in the monitor's own. */
  private adopt(vcpu: Vcpu): void {
    const { ram, plan } = this.options;
    const { root } = vcpu;
    const region = ram.find(root);
    if (region?.u32[(root - region.base) / 4 + SLOT_WORD] !== directEntry(plan)) vcpu.setRoot(plan.root);
  }
}

/** Puts the entry that maps the monitor into a root table. @returns false when that is not in RAM */
export function adoptRoot(ram: GuestRam, plan: MonitorPlan, root: number): boolean {
  const region = ram.find(root);
  if (region === undefined || root % PAGE_SIZE !== 0) return false;
  const at = (root - region.base) / 4 + SLOT_WORD;
  region.u32[at + 1] = 0;
  region.u32[at] = directEntry(plan);
  return true;
}

/**
 * A machine's memory half for tests: RAM, an MMU port, and accesses as a guest would make them.
 *
 * Guest accesses go through a translation cache that forgets only what `MmuPort` tells it to, so a change of a present
 * entry that was not announced shows as a stale translation; instruction fetches go through a cache of frame contents
 * that only `syncCode` and the guest's own stores refresh. The walker is written from the specification, independent
 * of the package's own format.
 */
import { PAGE_SIZE } from '@veridian-os/abi';
import type { Asid, Frame, MemoryRegion, MmuEdits, MmuPort, PhysAddr, WaitPort, WaitQueueId } from '@veridian-os/abi';
import { AccessKind } from '../api.js';

/** What a guest access did: the byte, or FAULT. */
export const FAULT = -1;

const VALID = 1;
const READ = 2;
const WRITE = 4;
const EXECUTE = 8;
const USER = 16;
const ACCESSED = 64;
const DIRTY = 128;
const NEEDED = { [AccessKind.Read]: READ, [AccessKind.Write]: WRITE, [AccessKind.Execute]: EXECUTE } as const;

interface Translation {
  readonly asid: number;
  readonly page: number;
  readonly root: number;
  readonly frame: number;
  readonly bits: number;
  /** Where its entry is, if that is a large leaf: one edit ends the translations of all its pages. */
  readonly large: number | undefined;
}

export interface FakeMachineOptions {
  /** Frames of each region. */
  readonly regionFrames?: readonly number[];
  /** Node and tier of each region; default 0 and 0. */
  readonly places?: readonly { readonly node: number; readonly tier: number }[];
  /** First physical address; the next regions follow with a hole between them. */
  readonly base?: number;
  readonly hardwareAccessedDirty?: boolean;
}

/** One address space as a CPU sees it. */
export interface Translated {
  readonly root: Frame;
  readonly asid: Asid;
}

export class FakeMachine {
  readonly regions: readonly MemoryRegion[];
  readonly hardwareAccessedDirty: boolean;
  readonly mmu: MmuPort;
  readonly waitPort: WaitPort;
  /** Calls so far. */
  readonly calls = { apply: 0, edits: 0, flush: 0, syncCode: 0 };
  private readonly translations = new Map<string, Translation>();
  private readonly fetched = new Map<number, Uint8Array>();

  constructor(options: FakeMachineOptions = {}) {
    const { regionFrames = [1024], base = 0x8000_0000, hardwareAccessedDirty = false } = options;
    this.hardwareAccessedDirty = hardwareAccessedDirty;
    let at = base;
    this.regions = regionFrames.map((frames, i) => {
      const buffer = new ArrayBuffer(frames * PAGE_SIZE);
      const place = options.places?.[i] ?? { node: 0, tier: 0 };
      const region = { base: at as PhysAddr, length: frames * PAGE_SIZE, ...place };
      at += region.length + 16 * PAGE_SIZE;
      return { ...region, u8: new Uint8Array(buffer), u32: new Uint32Array(buffer) };
    });
    this.mmu = {
      apply: (edits) => this.apply(edits),
      flushAddressSpace: (asid) => this.flush(asid),
      syncCode: (first, frames) => this.syncCode(first, frames),
    };
    let queues = 0;
    this.waitPort = { create: () => ++queues as WaitQueueId, destroy: () => undefined, wake: () => undefined };
  }

  /** Byte at a user address, or FAULT. */
  load(space: Translated, address: number): number {
    const at = this.translate(space, address, AccessKind.Read);
    return at < 0 ? FAULT : this.byte(at);
  }

  /** Stores a byte: 0, or FAULT. The guest keeps its instruction fetches coherent with its own stores. */
  store(space: Translated, address: number, value: number): number {
    const at = this.translate(space, address, AccessKind.Write);
    if (at < 0) return FAULT;
    const region = this.regionOf(at);
    region.u8[at - region.base] = value;
    this.fetched.delete(Math.floor(at / PAGE_SIZE));
    return 0;
  }

  /** Byte that an instruction fetch sees, or FAULT. */
  fetch(space: Translated, address: number): number {
    const at = this.translate(space, address, AccessKind.Execute);
    if (at < 0) return FAULT;
    const frame = Math.floor(at / PAGE_SIZE);
    let content = this.fetched.get(frame);
    if (content === undefined) {
      content = this.frame(frame as Frame).slice();
      this.fetched.set(frame, content);
    }
    return content[at - frame * PAGE_SIZE];
  }

  /** The bytes of a frame. */
  frame(frame: Frame): Uint8Array<ArrayBufferLike> {
    const region = this.regionOf(frame * PAGE_SIZE);
    const offset = frame * PAGE_SIZE - region.base;
    return region.u8.subarray(offset, offset + PAGE_SIZE);
  }

  /** @throws Error when a cached translation is not what its page table says now */
  checkTranslations(): void {
    for (const { asid, page, root, frame, bits } of this.translations.values()) {
      const now = this.walk(root, page);
      const stable = READ | WRITE | EXECUTE | USER;
      if (now === null || now.frame !== frame || (now.bits & stable) !== (bits & stable)) {
        const state = now === null ? 'nothing' : `frame ${now.frame} bits ${now.bits}`;
        throw new Error(
          `stale translation: asid ${asid} page ${page}: cached frame ${frame} bits ${bits}, now ${state}`,
        );
      }
    }
  }

  /** Physical address, or FAULT. */
  private translate({ root, asid }: Translated, address: number, access: AccessKind): number {
    const page = Math.floor(address / PAGE_SIZE);
    const key = `${asid}:${page}`;
    let found = this.translations.get(key);
    if (found === undefined) {
      const walked = this.walk(root, page);
      if (walked === null) return FAULT;
      const { frame, bits, entry, level } = walked;
      found = { asid, page, root, frame, bits, large: level > 0 ? entry : undefined };
      this.translations.set(key, found);
    }
    if ((found.bits & NEEDED[access]) === 0 || !this.touch(found, access)) return FAULT;
    return found.frame * PAGE_SIZE + (address % PAGE_SIZE);
  }

  /** Accessed and dirty bits: set by the hardware, or a fault when they are missing. */
  private touch({ root, page }: Translation, access: AccessKind): boolean {
    const needed = ACCESSED | (access === AccessKind.Write ? DIRTY : 0);
    const walked = this.walk(root, page);
    if (walked === null || (walked.bits & needed) === needed) return true;
    if (!this.hardwareAccessedDirty) return false;
    const region = this.regionOf(walked.entry);
    region.u32[(walked.entry - region.base) / 4] |= needed;
    return true;
  }

  private walk(root: number, page: number): { frame: number; bits: number; entry: number; level: number } | null {
    let table = root;
    for (let level = 2; level >= 0; level--) {
      const index = Math.floor(page / 512 ** level) % 512;
      const entry = table * PAGE_SIZE + index * 8;
      const region = this.regionOf(entry);
      const lo = region.u32[(entry - region.base) / 4];
      const hi = region.u32[(entry - region.base) / 4 + 1];
      if ((lo & VALID) === 0) return null;
      if (hi >>> 22 !== 0) throw new Error(`entry of page ${page} has reserved bits set`);
      const frame = Math.floor(lo / 1024) + hi * 2 ** 22;
      const bits = lo & 0x3ff;
      if ((bits & (READ | WRITE | EXECUTE)) === 0) {
        if (level === 0) return null;
        table = frame;
        continue;
      }
      if ((bits & (READ | WRITE)) === WRITE) throw new Error(`entry of page ${page} has W without R`);
      if ((bits & USER) === 0) throw new Error(`entry of page ${page} is not for user mode`);
      const pages = 512 ** level;
      if (frame % pages !== 0) throw new Error(`large leaf of page ${page} maps frame ${frame}`);
      return { frame: frame + (page % pages), bits, entry, level };
    }
    return null;
  }

  private apply(edits: MmuEdits): void {
    this.calls.apply++;
    this.calls.edits += edits.count;
    for (let i = 0; i < edits.count; i++) {
      const region = this.regionOf(edits.entry[i]);
      const at = (edits.entry[i] - region.base) / 4;
      edits.oldLo[i] = region.u32[at];
      edits.oldHi[i] = region.u32[at + 1];
      region.u32[at] = edits.valueLo[i];
      region.u32[at + 1] = edits.valueHi[i];
      const isTable = (edits.oldLo[i] & (VALID | READ | WRITE | EXECUTE)) === VALID;
      if (isTable) this.flush(edits.asid[i]);
      this.translations.delete(`${edits.asid[i]}:${Math.floor(edits.virtual[i] / PAGE_SIZE)}`);
      for (const [key, { large }] of this.translations) if (large === edits.entry[i]) this.translations.delete(key);
    }
  }

  private flush(asid: number): void {
    this.calls.flush++;
    for (const [key, translation] of this.translations) {
      if (translation.asid === asid) this.translations.delete(key);
    }
  }

  private syncCode(first: number, frames: number): void {
    this.calls.syncCode++;
    for (let i = 0; i < frames; i++) this.fetched.delete(first + i);
  }

  private byte(address: number): number {
    const region = this.regionOf(address);
    return region.u8[address - region.base];
  }

  private regionOf(address: number): MemoryRegion {
    const region = this.regions.find(({ base, length }) => address >= base && address < base + length);
    if (region === undefined) throw new Error(`no memory at physical address ${address}`);
    return region;
  }
}

/**
 * What a cache in debug mode writes into its objects and looks at: red zones, poison, call sites.
 *
 * State of an object's bytes, see geometry.ts for where they are:
 *
 *            | red zones | object                        | sites
 *   free     | 0xbb      | 0x6b ... 0x6b 0xa5 (poison)   | who allocated it, who freed it
 *   live     | 0xcc      | the user's                    | who allocated it, who freed it before
 *
 * All checks come before the first write: after a panic everything is as it was.
 */
import { panic } from '@veridian-os/abi';
import type { ObjectAddress, SlabDebug } from '../api.js';
import { NIL, POISON_END, POISON_FREE, RED_ACTIVE, RED_INACTIVE } from './constants.js';
import type { Geometry } from './geometry.js';
import { hex, type Arena } from './slab-store.js';

export interface GuardOptions {
  readonly arena: Arena;
  readonly geometry: Geometry;
  readonly name: string;
  readonly debug: Required<SlabDebug>;
  readonly construct: ((address: ObjectAddress) => void) | undefined;
}

const { imul, max } = Math;

const byte = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;

export class Guard {
  private readonly bytes: Uint8Array<ArrayBufferLike>;
  private readonly words: Int32Array<ArrayBufferLike>;
  private readonly geometry: Geometry;
  private readonly name: string;
  private readonly debug: Required<SlabDebug>;
  private readonly construct: GuardOptions['construct'];

  constructor({ arena, geometry, name, debug, construct }: GuardOptions) {
    this.bytes = arena.bytes;
    this.words = arena.words;
    this.geometry = geometry;
    this.name = name;
    this.debug = debug;
    this.construct = construct;
  }

  /** Of an object of a new slab. */
  prepare(address: ObjectAddress): void {
    this.paint(address, RED_INACTIVE);
    if (this.debug.poison) this.poison(address);
    this.setSites(address, 0, 0);
    this.construct?.(address);
  }

  /** @throws KernelPanic `slab/use-after-free`, `slab/red-zone` when a free object is not as it was left */
  checkFree(address: number): void {
    this.checkZones(address, RED_INACTIVE);
    if (!this.debug.poison) return;
    const end = address + this.geometry.size - 1;
    let wrong = this.firstOther(address, end, POISON_FREE);
    if (wrong === NIL && this.bytes[end] !== POISON_END) wrong = end;
    if (wrong === NIL) return;
    const expected = byte(wrong === end ? POISON_END : POISON_FREE);
    const where = `the free object at ${hex(address)} was written to after it was freed${this.history(address)}`;
    const got = `byte ${wrong - address}: expected ${expected}, got ${byte(this.bytes[wrong])}`;
    panic('slab/use-after-free', `cache '${this.name}': ${where}: ${got}`);
  }

  /** @throws KernelPanic `slab/red-zone` when bytes beside a live object were written */
  checkLive(address: number): void {
    this.checkZones(address, RED_ACTIVE);
  }

  /** A free object becomes live. */
  allocated(address: number, site: number): void {
    this.paint(address, RED_ACTIVE);
    this.setSites(address, site, this.freedBy(address));
  }

  /** A live object becomes free. */
  freed(address: number, site: number): void {
    this.paint(address, RED_INACTIVE);
    if (this.debug.poison) this.poison(address);
    this.setSites(address, this.allocatedBy(address), site);
  }

  /** Last site that allocated an object, or freed it; 0 when it is not known. */
  allocatedBy(address: number): number {
    return this.debug.track ? this.words[address / 4 + this.geometry.siteWord] : 0;
  }

  freedBy(address: number): number {
    return this.debug.track ? this.words[address / 4 + this.geometry.siteWord + 1] : 0;
  }

  /** For the end of a message. */
  history(address: number): string {
    if (!this.debug.track) return '';
    return ` (allocated by ${this.allocatedBy(address)}, freed by ${this.freedBy(address)})`;
  }

  private setSites(address: number, allocated: number, freed: number): void {
    if (!this.debug.track) return;
    const at = address / 4 + this.geometry.siteWord;
    this.words[at] = allocated;
    this.words[at + 1] = freed;
  }

  private poison(address: number): void {
    const end = address + this.geometry.size - 1;
    this.fill(POISON_FREE, address, end);
    this.bytes[end] = POISON_END;
  }

  private paint(address: number, value: number): void {
    if (!this.debug.redZone) return;
    const { leftPad, size, redEnd } = this.geometry;
    this.fill(value, address - leftPad, address);
    this.fill(value, address + size, address + redEnd);
  }

  private checkZones(address: number, value: number): void {
    if (!this.debug.redZone) return;
    const { leftPad, size, redEnd } = this.geometry;
    const before = this.firstOther(address - leftPad, address, value);
    if (before !== NIL) this.overrun(address, `${address - before} bytes before`, value, before);
    const behind = this.firstOther(address + size, address + redEnd, value);
    if (behind !== NIL) this.overrun(address, `${behind - address - size} bytes behind the end of`, value, behind);
  }

  private overrun(address: number, where: string, expected: number, at: number): never {
    const object = `the object at ${hex(address)} of ${this.geometry.size} bytes${this.history(address)}`;
    const got = `expected ${byte(expected)}, got ${byte(this.bytes[at])}`;
    panic('slab/red-zone', `cache '${this.name}': somebody wrote ${where} ${object}: ${got}`);
  }

  // A call of `TypedArray.fill` costs more than a word's loop over a small object.
  private fill(value: number, from: number, to: number): void {
    const { bytes, words } = this;
    const word = imul(value, 0x01010101);
    const firstWord = (from + 3) >>> 2;
    const endWord = to >>> 2;
    if (firstWord >= endWord) {
      for (let at = from; at < to; at++) bytes[at] = value;
      return;
    }
    for (let at = from; at < firstWord * 4; at++) bytes[at] = value;
    for (let i = firstWord; i < endWord; i++) words[i] = word;
    for (let at = endWord * 4; at < to; at++) bytes[at] = value;
  }

  /** Address of the first byte that is something else, or NIL. */
  private firstOther(from: number, to: number, value: number): number {
    const { bytes, words } = this;
    const word = imul(value, 0x01010101);
    const endWord = to >>> 2;
    let at = from;
    for (; at < to && (at & 3) !== 0; at++) if (bytes[at] !== value) return at;
    let i = at >>> 2;
    while (i < endWord && words[i] === word) i++;
    for (at = max(at, i * 4); at < to; at++) if (bytes[at] !== value) return at;
    return NIL;
  }
}

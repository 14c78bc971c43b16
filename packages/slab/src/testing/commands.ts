/** Commands for a cache, run on the real one and judged by the naive one. */
import { ENOMEM, isErrno } from '@veridian-os/abi';
import fc from 'fast-check';
import type { ObjectAddress, ObjectAllocator } from '../api.js';
import { check, equal, panics } from './assert.js';
import { NaiveCache } from './naive-cache.js';

export interface CacheRequest {
  readonly size: number;
  readonly align: number;
  /** Frames of 4096 bytes that the cache may use, 1 and more. */
  readonly frameCount: number;
  readonly cpuCount: number;
  /** Makes the state in which objects are handed out, and come back. */
  readonly construct?: (address: ObjectAddress) => void;
}

export interface CacheUnderTest {
  readonly cache: ObjectAllocator;
  /** The bytes that addresses are about. */
  readonly memory: Uint8Array<ArrayBufferLike>;
  /** Frames that the cache does not have. */
  readonly freeFrames: () => number;
  /** Looks at everything that only this implementation knows; called after every command. */
  readonly check?: () => void;
  /** All of the state as text: equal states have the same future. Makes exhaustive runs shorter. */
  readonly state?: () => string;
}

export type CacheFactory = (request: CacheRequest) => CacheUnderTest;

/** What a run of commands holds. */
export interface Run extends CacheUnderTest {
  readonly request: CacheRequest;
  readonly model: NaiveCache;
}

export function startRun(create: CacheFactory, request: CacheRequest): Run {
  const subject = create(request);
  return { ...subject, request, model: new NaiveCache(subject.memory, request.size, request.align) };
}

export type CacheCommand =
  | { readonly kind: 'alloc'; readonly cpu: number }
  /** Frees the live object at `pick` modulo their number. */
  | { readonly kind: 'free'; readonly pick: number; readonly cpu: number }
  | { readonly kind: 'allocBulk'; readonly count: number; readonly cpu: number }
  | { readonly kind: 'freeBulk'; readonly pick: number; readonly count: number; readonly cpu: number }
  /** The same with a mistake at its end: one of the objects again, or another address. */
  | { readonly kind: 'freeBulkBad'; readonly pick: number; readonly count: number; readonly cpu: number }
  /** Frees whatever is there: mostly a mistake, which must be refused. */
  | { readonly kind: 'freeAny'; readonly address: number; readonly cpu: number }
  /** Frees an object and then once more. */
  | { readonly kind: 'freeTwice'; readonly pick: number; readonly cpu: number }
  | { readonly kind: 'shrink' };

/** How often each kind is drawn. */
const WEIGHTS: readonly (readonly [CacheCommand['kind'], number])[] = [
  ['alloc', 24],
  ['free', 20],
  ['allocBulk', 5],
  ['freeBulk', 5],
  ['freeBulkBad', 2],
  ['freeAny', 3],
  ['freeTwice', 2],
  ['shrink', 1],
];
const TOTAL = WEIGHTS.reduce((sum, [, weight]) => sum + weight, 0);

/** A command out of numbers below 2^16, so that every source of numbers will do. */
export function commandFrom(kind: number, a: number, b: number, { cpuCount, frameCount }: CacheRequest): CacheCommand {
  let rest = kind % TOTAL;
  const found = WEIGHTS.find(([, weight]) => (rest -= weight) < 0) as (typeof WEIGHTS)[number];
  const cpu = b % cpuCount;
  switch (found[0]) {
    case 'alloc':
      return { kind: 'alloc', cpu };
    case 'allocBulk':
      return { kind: 'allocBulk', count: a % 40, cpu };
    case 'freeBulk':
    case 'freeBulkBad':
      return { kind: found[0], pick: a, count: 1 + ((b >>> 2) % 40), cpu };
    case 'freeAny':
      return { kind: 'freeAny', address: ((a * 65536 + b) % (frameCount * 4096 + 64)) - 32, cpu };
    case 'shrink':
      return { kind: 'shrink' };
    default:
      return { kind: found[0], pick: a, cpu };
  }
}

/** A command for a cache. */
export function cacheCommand(request: CacheRequest): fc.Arbitrary<CacheCommand> {
  const number = fc.nat(65535);
  return fc.tuple(number, number, number).map(([kind, a, b]) => commandFrom(kind, a, b, request));
}

/** Sizes and alignments that a cache may have, small ones first. */
export const cacheRequest: fc.Arbitrary<CacheRequest> = fc.record({
  size: fc.oneof(fc.integer({ min: 1, max: 128 }), fc.integer({ min: 1, max: 6000 })),
  align: fc.constantFrom(8, 16, 64, 256, 4096),
  frameCount: fc.integer({ min: 4, max: 40 }),
  cpuCount: fc.integer({ min: 1, max: 3 }),
});

/** Up to `maxCommands` commands for one cache. */
export function cacheScenario(maxCommands: number): fc.Arbitrary<{ request: CacheRequest; commands: CacheCommand[] }> {
  return cacheRequest.chain((request) =>
    fc.record({
      request: fc.constant(request),
      commands: fc.array(cacheCommand(request), { maxLength: maxCommands, size: 'max' }),
    }),
  );
}

/** Runs one command and looks at what came of it. @throws Error at the first thing that is wrong */
export function runCommand(run: Run, command: CacheCommand): void {
  const { cache, model } = run;
  const what = JSON.stringify(command);
  switch (command.kind) {
    case 'alloc':
      return runAlloc(run, command.cpu, what);
    case 'free':
      if (model.live.length > 0) cache.free(model.drop(command.pick % model.live.length), command.cpu);
      return;
    case 'allocBulk':
      return runAllocBulk(run, command, what);
    case 'freeBulk':
    case 'freeBulkBad':
      return runFreeBulk(run, command);
    case 'freeAny': {
      const address = command.address as ObjectAddress;
      const index = model.live.findIndex((object) => object.address === command.address);
      if (index < 0) return panics('slab/bad-free', () => cache.free(address, command.cpu));
      return cache.free(model.drop(index), command.cpu);
    }
    case 'freeTwice': {
      if (model.live.length === 0) return;
      const address = model.drop(command.pick % model.live.length);
      cache.free(address, command.cpu);
      return panics('slab/bad-free', () => cache.free(address, command.cpu));
    }
    case 'shrink': {
      const before = run.freeFrames();
      return equal(cache.shrink(), run.freeFrames() - before, 'frames that shrink returned');
    }
  }
}

function runAlloc(run: Run, cpu: number, what: string): void {
  const got = run.cache.alloc(cpu);
  if (!isErrno(got)) return run.model.take(got, what);
  equal(got, ENOMEM, what);
  emptyEverywhere(run);
}

/** Where one CPU gets nothing there is nothing to be had. */
function emptyEverywhere({ cache, request }: Run): void {
  for (let cpu = 0; cpu < request.cpuCount; cpu++) equal(cache.alloc(cpu), ENOMEM, `alloc on CPU ${cpu} after ENOMEM`);
}

function runAllocBulk(run: Run, { count, cpu }: { count: number; cpu: number }, what: string): void {
  const { cache, model } = run;
  const out = new Uint32Array(count);
  const got = cache.allocBulk(out, count, cpu);
  if (!isErrno(got)) {
    equal(got, count, what);
    for (const address of out) model.take(address as ObjectAddress, what);
    return;
  }
  equal(got, ENOMEM, what);
  // So many there are not, but what is there can be had one by one.
  const before = model.live.length;
  for (let one = cache.alloc(cpu); !isErrno(one); one = cache.alloc(cpu)) {
    model.take(one, what);
    check(model.live.length < before + count, `${what}: expected ${count} objects, got ENOMEM, and then so many`);
  }
}

function runFreeBulk(run: Run, { kind, pick, count, cpu }: CacheCommand & { kind: 'freeBulk' | 'freeBulkBad' }): void {
  const { cache, model } = run;
  if (model.live.length === 0) return;
  const chosen = new Set(Array.from({ length: count }, (_, i) => (pick + i * 7) % model.live.length));
  const addresses: number[] = Array.from(chosen, (index) => model.live[index].address);
  if (kind === 'freeBulkBad') {
    addresses.push(pick % 2 === 0 ? addresses[pick % addresses.length] : addresses[0] + 4);
    return panics('slab/bad-free', () => cache.freeBulk(Uint32Array.from(addresses), addresses.length, cpu));
  }
  for (const index of [...chosen].sort((a, b) => b - a)) model.drop(index);
  // What lies behind `count` is not looked at.
  cache.freeBulk(Uint32Array.from([...addresses, 3]), addresses.length, cpu);
}

/** Compares what can be asked. @throws Error at the first difference */
export function compareState({ cache, model, check: verify }: Run): void {
  equal(cache.liveObjects, model.live.length, 'liveObjects');
  verify?.();
}

/** Frees everything: all frames come back. */
export function finishRun(run: Run): void {
  const { cache, model, request } = run;
  for (const object of model.live) model.verify(object);
  for (let cpu = 0; model.live.length > 0; cpu = (cpu + 1) % request.cpuCount) cache.free(model.drop(0), cpu);
  compareState(run);
  cache.shrink();
  equal(run.freeFrames(), request.frameCount, 'free frames after all was freed and shrunk');
  compareState(run);
}

/** Commands for a pool, run on the real one and on the naive one. */
import { ENOMEM } from '@veridian-os/abi';
import type { Frame, Order } from '@veridian-os/abi';
import fc from 'fast-check';
import type { BlockAllocator } from '../api.js';
import { check, equal, panics } from './assert.js';
import type { NaivePool } from './naive-pool.js';

/** What an implementation promises beyond the interface; cases are skipped by it. */
export interface AllocatorFeatures {
  /** `alloc` takes the lowest fitting address of the smallest sufficient order. */
  readonly addressOrdered: boolean;
}

export type AllocatorFactory = (options: { frameCount: number; maxOrder: number }) => BlockAllocator;

export type AllocatorCommand =
  | { readonly kind: 'alloc'; readonly order: number }
  /** Frees (or splits) the live block at `pick` modulo the number of live blocks. */
  | { readonly kind: 'free' | 'split'; readonly pick: number }
  | { readonly kind: 'allocAt'; readonly first: number; readonly order: number }
  | { readonly kind: 'allocRange'; readonly count: number; readonly align: number }
  /** Frees `blocks` neighbouring live blocks from the one at `pick` on, as a range: mostly not one that was allocated. */
  | { readonly kind: 'freeRange'; readonly pick: number; readonly blocks: number }
  /** Frees whatever is there: mostly a mistake, which must be refused. */
  | { readonly kind: 'freeAny'; readonly first: number; readonly order: number }
  | { readonly kind: 'reserve'; readonly first: number; readonly count: number };

/** How often each kind is drawn. */
const WEIGHTS: readonly (readonly [AllocatorCommand['kind'], number])[] = [
  ['alloc', 16],
  ['free', 14],
  ['split', 2],
  ['allocAt', 4],
  ['allocRange', 3],
  ['freeRange', 3],
  ['freeAny', 3],
  ['reserve', 1],
];
const TOTAL = WEIGHTS.reduce((sum, [, weight]) => sum + weight, 0);

/** A command out of numbers below 2^16, so that every source of numbers will do. */
export function commandFrom(
  kind: number,
  a: number,
  b: number,
  frameCount: number,
  maxOrder: number,
): AllocatorCommand {
  let rest = kind % TOTAL;
  const found = WEIGHTS.find(([, weight]) => (rest -= weight) < 0) as (typeof WEIGHTS)[number];
  const order = a % (maxOrder + 2);
  switch (found[0]) {
    case 'alloc':
      return { kind: 'alloc', order };
    case 'allocAt': {
      const size = 2 ** (b % 8 === 0 ? 0 : order);
      return { kind: 'allocAt', first: (b % Math.ceil((frameCount + 1) / size)) * size, order };
    }
    case 'allocRange':
      return { kind: 'allocRange', count: a % (Math.ceil(frameCount / 4) + 1), align: b % 4 === 0 ? order : 0 };
    case 'freeRange':
      return { kind: 'freeRange', pick: a, blocks: 1 + (b % 4) };
    case 'freeAny':
      return { kind: 'freeAny', first: b % (frameCount + 2), order };
    case 'reserve':
      return { kind: 'reserve', first: a % (frameCount + 1), count: b % (Math.ceil(frameCount / 8) + 1) };
    default:
      return { kind: found[0], pick: a };
  }
}

/** A command for a pool of `frameCount` frames. */
export function allocatorCommand(frameCount: number, maxOrder: number): fc.Arbitrary<AllocatorCommand> {
  const number = fc.nat(65535);
  return fc.tuple(number, number, number).map(([kind, a, b]) => commandFrom(kind, a, b, frameCount, maxOrder));
}

/** Up to `maxCommands` commands for one pool, with its size. */
export function allocatorScenario(maxCommands: number): fc.Arbitrary<{
  frameCount: number;
  maxOrder: number;
  commands: AllocatorCommand[];
}> {
  return fc.record({ frameCount: fc.integer({ min: 1, max: 2200 }), maxOrder: fc.nat(12) }).chain((pool) =>
    fc.record({
      frameCount: fc.constant(pool.frameCount),
      maxOrder: fc.constant(pool.maxOrder),
      commands: fc.array(allocatorCommand(pool.frameCount, pool.maxOrder), { maxLength: maxCommands, size: 'max' }),
    }),
  );
}

/** Runs one command on both and compares their answers. @throws Error at the first difference */
export function runCommand(
  pool: BlockAllocator,
  model: NaivePool,
  command: AllocatorCommand,
  features: AllocatorFeatures,
): void {
  const what = JSON.stringify(command);
  switch (command.kind) {
    case 'alloc':
      return runAlloc(pool, model, command.order, features, what);
    case 'allocAt': {
      const expected = model.allocAt(command.first, command.order);
      return equal(pool.allocAt(command.first as Frame, command.order as Order), expected, what);
    }
    case 'allocRange':
      return runAllocRange(pool, model, command, features, what);
    case 'free':
    case 'split': {
      if (model.live.length === 0) return;
      const index = command.pick % model.live.length;
      const { first, order } = command.kind === 'free' ? model.drop(index) : model.split(index);
      return pool[command.kind](first as Frame, order as Order);
    }
    case 'freeRange':
      return runFreeRange(pool, model, command);
    case 'freeAny': {
      const { first, order } = command;
      const index = model.live.findIndex((block) => block.first === first && block.order === order);
      if (index < 0) return panics('buddy/bad-free', () => pool.free(first as Frame, order as Order));
      model.drop(index);
      return pool.free(first as Frame, order as Order);
    }
    case 'reserve': {
      const expected = model.reserve(command.first, command.count);
      return equal(pool.reserve(command.first as Frame, command.count), expected, what);
    }
  }
}

function runAlloc(
  pool: BlockAllocator,
  model: NaivePool,
  order: number,
  features: AllocatorFeatures,
  what: string,
): void {
  const expected = model.candidate(order);
  const got = pool.alloc(order as Order);
  if (expected < 0 || order > model.maxOrder) return equal(got, ENOMEM, what);
  check(got >= 0 && got % 2 ** order === 0, `${what}: not aligned: ${got}`);
  check(model.isFree(got, 2 ** order), `${what}: frame ${got} is in use`);
  if (features.addressOrdered) equal(got, expected, what);
  model.take(got, order);
}

function runAllocRange(
  pool: BlockAllocator,
  model: NaivePool,
  { count, align }: { count: number; align: number },
  features: AllocatorFeatures,
  what: string,
): void {
  const expected = model.rangeCandidate(count, align);
  const got = pool.allocRange(count, align as Order);
  if (expected < 0) return equal(got, expected, what);
  const size = 2 ** model.rangeOrder(count, align);
  check(got >= 0 && got % size === 0, `${what}: not aligned: ${got}`);
  check(model.isFree(got, size), `${what}: frame ${got} is in use`);
  if (features.addressOrdered) equal(got, expected, what);
  for (const piece of model.pieces(got, count)) model.take(piece.first, piece.order);
}

function runFreeRange(pool: BlockAllocator, model: NaivePool, command: { pick: number; blocks: number }): void {
  if (model.live.length === 0) return;
  const { first } = model.live[command.pick % model.live.length];
  let end = first;
  for (let i = 0; i < command.blocks; i++) {
    const next = model.live.find((block) => block.first === end);
    if (next !== undefined) end += 2 ** next.order;
  }
  const free = () => pool.freeRange(first as Frame, end - first);
  if (model.freeRange(first, end - first)) free();
  else panics('buddy/bad-free', free);
}

/** Compares everything that can be asked. @throws Error at the first difference */
export function compareState(pool: BlockAllocator, model: NaivePool): void {
  equal(pool.freeFrames, model.freeFrames, 'freeFrames');
  const expected = new Int32Array(model.maxOrder + 1);
  for (const block of model.freeBlocks()) expected[block.order]++;
  for (let order = 0; order <= model.maxOrder; order++) {
    equal(pool.freeBlocks(order as Order), expected[order], `freeBlocks(${order})`);
  }
}

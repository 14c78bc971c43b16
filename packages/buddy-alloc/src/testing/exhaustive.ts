/**
 * Every sequence of commands up to a length, on a small pool.
 *
 * Two sequences that leave the same frames free, live (in the same blocks) and reserved have the same future, so each such
 * state is continued once. The pool is made anew and brought there by the commands that led to it, unless it can be copied.
 */
import type { BlockAllocator } from '../api.js';
import { compareState, runCommand, type AllocatorCommand, type AllocatorFeatures } from './commands.js';
import { NaivePool } from './naive-pool.js';

export interface ExhaustiveOptions<Pool extends BlockAllocator> {
  readonly frameCount: number;
  readonly maxOrder: number;
  /** Longest sequence. */
  readonly depth: number;
  readonly create: () => Pool;
  readonly features: AllocatorFeatures;
  /** Called after each command, for what only this implementation can check. */
  readonly verify?: (pool: Pool, state: string) => void;
  /** An independent copy: faster than repeating commands. */
  readonly copy?: (pool: Pool) => Pool;
  /** Ranges, blocks at addresses and reservations too: many more states. */
  readonly all?: boolean;
}

interface State<Pool> {
  readonly model: NaivePool;
  readonly path: readonly AllocatorCommand[];
  readonly pool: Pool | undefined;
}

/** One letter per frame: free, reserved, inside of a live block, or the order of the one that starts there. */
function keyOf(model: NaivePool): string {
  const letters = Array.from(model.owner, (owner) => ['.', 'R'][owner] ?? '-');
  for (const { first, order } of model.live) letters[first] = String(order);
  return letters.join('');
}

function commandsFor(model: NaivePool, all: boolean): AllocatorCommand[] {
  const commands: AllocatorCommand[] = [];
  for (let order = 0; order <= model.maxOrder; order++) commands.push({ kind: 'alloc', order });
  model.live.forEach(({ order }, pick) => {
    commands.push({ kind: 'free', pick });
    if (order > 0) commands.push({ kind: 'split', pick });
  });
  if (!all) return commands;
  for (const count of [3, 5, 7]) commands.push({ kind: 'allocRange', count, align: 0 });
  for (let first = 0; first < model.owner.length; first++) {
    commands.push({ kind: 'reserve', first, count: 1 }, { kind: 'reserve', first, count: 3 });
    for (let order = 0; order <= model.maxOrder; order++) {
      commands.push({ kind: 'allocAt', first, order }, { kind: 'freeAny', first, order });
    }
  }
  return commands;
}

/** Runs them all. @returns the states met and the commands run @throws Error at the first difference, with the sequence */
export function runExhaustively<Pool extends BlockAllocator>(
  options: ExhaustiveOptions<Pool>,
): { states: number; commands: number } {
  const { frameCount, maxOrder, depth, create, features, verify, copy, all = false } = options;
  const seen = new Set<string>();
  let commands = 0;

  function poolAt({ path, pool }: State<Pool>): Pool {
    if (copy && pool) return copy(pool);
    const fresh = create();
    const model = new NaivePool(frameCount, maxOrder);
    for (const command of path) runCommand(fresh, model, command, features);
    return fresh;
  }

  function step(from: State<Pool>, command: AllocatorCommand): State<Pool> | undefined {
    const pool = poolAt(from);
    const model = from.model.copy();
    const path = [...from.path, command];
    commands++;
    try {
      runCommand(pool, model, command, features);
      compareState(pool, model);
      const key = keyOf(model);
      verify?.(pool, key);
      if (seen.has(key)) return undefined;
      seen.add(key);
    } catch (error) {
      throw new Error(`${path.map((each) => JSON.stringify(each)).join(' ')}: ${String(error)}`, { cause: error });
    }
    return { model, path, pool: copy && pool };
  }

  let states: State<Pool>[] = [{ model: new NaivePool(frameCount, maxOrder), path: [], pool: copy && create() }];
  for (let length = 0; length < depth; length++) {
    const next: State<Pool>[] = [];
    for (const state of states) {
      for (const command of commandsFor(state.model, all)) {
        const reached = step(state, command);
        if (reached) next.push(reached);
      }
    }
    states = next;
  }
  return { states: seen.size, commands };
}

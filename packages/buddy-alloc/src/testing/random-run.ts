import type { Frame, Order } from '@veridian-os/abi';
import { commandFrom, compareState, runCommand, type AllocatorFactory, type AllocatorFeatures } from './commands.js';
import { NaivePool } from './naive-pool.js';

/** Commands on one pool before the next one, of another size. */
const PER_POOL = 1000;

/** Numbers below 2^16, the same for the same seed (Marsaglia's xorshift, 2003). */
function numbers(seed: number): () => number {
  let state = (Math.imul(seed, 0x9e3779b9) ^ 0x5bd1e995) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 16;
  };
}

/**
 * Runs `count` random commands on pools of 1 .. 400 frames and on naive ones, and compares everything after each.
 * @param verify called after each command, for what only this implementation can check
 * @throws Error that names the seed and the command
 */
export function runRandomCommands<Pool extends ReturnType<AllocatorFactory>>(
  create: (options: { frameCount: number; maxOrder: number }) => Pool,
  features: AllocatorFeatures,
  { seed, count }: { seed: number; count: number },
  verify: (pool: Pool) => void = () => {},
): void {
  const next = numbers(seed);
  for (let done = 0; done < count; done += PER_POOL) {
    const frameCount = 1 + (next() % 400);
    const maxOrder = next() % 10;
    const pool = create({ frameCount, maxOrder });
    const model = new NaivePool(frameCount, maxOrder);
    for (let i = 0; i < Math.min(PER_POOL, count - done); i++) {
      const command = commandFrom(next(), next(), next(), frameCount, maxOrder);
      try {
        runCommand(pool, model, command, features);
        compareState(pool, model);
        verify(pool);
      } catch (error) {
        const where = `seed ${seed}, command ${done + i} of a pool of ${frameCount} frames, maxOrder ${maxOrder}`;
        throw new Error(`${where}: ${JSON.stringify(command)}: ${String(error)}`, { cause: error });
      }
    }
    while (model.live.length > 0) {
      const { first, order } = model.drop(model.live.length - 1);
      pool.free(first as Frame, order as Order);
    }
    compareState(pool, model);
  }
}

import { commandFrom, compareState, finishRun, runCommand, startRun, type CacheFactory } from './commands.js';

/** Commands on one cache before the next one, of another size. */
const PER_CACHE = 1000;
const ALIGNS = [8, 8, 8, 16, 64, 256, 4096];

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
 * Runs `count` random commands on caches of many shapes and compares everything after each.
 * @throws Error that names the seed and the command
 */
export function runRandomCommands(create: CacheFactory, { seed, count }: { seed: number; count: number }): void {
  const next = numbers(seed);
  for (let done = 0; done < count; done += PER_CACHE) {
    const request = {
      size: 1 + (next() % (next() % 4 === 0 ? 6000 : 200)),
      align: ALIGNS[next() % ALIGNS.length],
      frameCount: 4 + (next() % 60),
      cpuCount: 1 + (next() % 4),
    };
    const run = startRun(create, request);
    for (let i = 0; i < Math.min(PER_CACHE, count - done); i++) {
      const command = commandFrom(next(), next(), next(), request);
      try {
        runCommand(run, command);
        compareState(run);
      } catch (error) {
        const where = `seed ${seed}, command ${done + i}, cache ${JSON.stringify(request)}`;
        throw new Error(`${where}: ${JSON.stringify(command)}: ${String(error)}`, { cause: error });
      }
    }
    finishRun(run);
  }
}

/**
 * Every sequence of commands up to a length, on a tiny cache.
 *
 * A subject that tells its `state` lets each state be continued once; without it every sequence is run. The cache is made anew
 * and brought to a state by the commands that led there.
 */
import { compareState, finishRun, runCommand, startRun } from './commands.js';
import type { CacheCommand, CacheFactory, CacheRequest, Run } from './commands.js';

export interface ExhaustiveOptions {
  readonly create: CacheFactory;
  readonly request: CacheRequest;
  /** Longest sequence. */
  readonly depth: number;
  /** Bulk operations and mistakes too: many more sequences. */
  readonly all?: boolean;
}

function commandsFor({ model, request }: Run, all: boolean): CacheCommand[] {
  const commands: CacheCommand[] = [{ kind: 'shrink' }];
  for (let cpu = 0; cpu < request.cpuCount; cpu++) {
    commands.push({ kind: 'alloc', cpu });
    model.live.forEach((_, pick) => commands.push({ kind: 'free', pick, cpu }));
    if (!all) continue;
    commands.push({ kind: 'allocBulk', count: 3, cpu });
    model.live.forEach((_, pick) => commands.push({ kind: 'freeTwice', pick, cpu }));
    if (model.live.length > 0) commands.push({ kind: 'freeBulk', pick: 0, count: 2, cpu });
    if (model.live.length > 0) commands.push({ kind: 'freeBulkBad', pick: 0, count: 2, cpu });
  }
  return commands;
}

function replay({ create, request }: ExhaustiveOptions, path: readonly CacheCommand[]): Run {
  const run = startRun(create, request);
  for (const command of path) runCommand(run, command);
  return run;
}

/** Runs them all. @returns the states met and the sequences run @throws Error at the first thing wrong, with the sequence */
export function runExhaustively(options: ExhaustiveOptions): { states: number; sequences: number } {
  const seen = new Set<string>();
  let sequences = 0;
  let unnamed = 0;
  let paths: (readonly CacheCommand[])[] = [[]];
  for (let length = 0; length < options.depth; length++) {
    const next: CacheCommand[][] = [];
    for (const path of paths) {
      for (const command of commandsFor(replay(options, path), options.all ?? false)) {
        const longer = [...path, command];
        sequences++;
        try {
          const run = replay(options, longer);
          compareState(run);
          const state = run.state?.() ?? String(unnamed++);
          const known = seen.has(state);
          seen.add(state);
          finishRun(run);
          if (!known) next.push(longer);
        } catch (error) {
          const text = longer.map((each) => JSON.stringify(each)).join(' ');
          throw new Error(`${text}: ${String(error)}`, { cause: error });
        }
      }
    }
    paths = next;
  }
  return { states: seen.size, sequences };
}

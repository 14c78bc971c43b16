/**
 * Conformance kit of shells: what vsh promises and every POSIX shell does too, under any runner with `describe` and `it`.
 * Its expectations were checked against dash.
 */
import { SHELL_CASES } from './testing/cases.js';

export { quotedWords, scripts, sourceTexts, type QuotedWord } from './testing/arbitraries.js';
export { SHELL_CASES, type ShellCase } from './testing/cases.js';

/** The part of jest, vitest and node:test that the kit uses. */
export interface Runner {
  describe: (name: string, body: () => void) => unknown;
  it: (name: string, body: () => Promise<void>) => unknown;
}

export interface ShellOutcome {
  readonly stdout: string;
  /** 128+n for a signal. */
  readonly status: number;
}

/**
 * Runs a script, as `sh -c SCRIPT` does, in an empty directory that it may write to. `cat echo head ls mkdir rm sleep sort
 * true false wc` are found along its PATH; its standard input is empty.
 */
export type RunScript = (script: string) => Promise<ShellOutcome>;

export function shellKit({ describe, it }: Runner, name: string, run: RunScript): void {
  for (const [group, cases] of Object.entries(SHELL_CASES)) {
    describe(`${name}: ${group}`, () => {
      for (const { script, stdout = '', status = 0 } of cases) {
        it(script.replaceAll('\n', '\\n'), async () => {
          const outcome = await run(script);
          if (outcome.stdout === stdout && outcome.status === status) return;
          const [expected, got] = [
            { stdout, status },
            { stdout: outcome.stdout, status: outcome.status },
          ];
          throw new Error(`${script}\n  expected ${JSON.stringify(expected)}\n  got      ${JSON.stringify(got)}`);
        });
      }
    });
  }
}

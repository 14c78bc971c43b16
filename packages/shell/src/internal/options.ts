/** Single-letter options of the utilities, as getopt(3) reads them: `-la`, `-n5`, `-n 5`, `--` ends them. */

export interface ParsedOptions {
  readonly flags: ReadonlySet<string>;
  /** Values of letters that take one; the last one given. */
  readonly values: ReadonlyMap<string, string>;
  readonly operands: readonly string[];
  /** `--help` was among the options. */
  readonly helpWanted: boolean;
  /** What is wrong with the arguments, if anything. */
  readonly problem: string | undefined;
}

/**
 * Options and operands may be mixed, as GNU's utilities allow; with a spec that starts with `+` options end at the first
 * operand.
 * @param args with argv[0]
 * @param spec letters, each followed by `:` when it takes a value: `'n:r'`
 */
export function parseOptions(args: readonly string[], spec: string): ParsedOptions {
  return new OptionParser(args, spec).run();
}

class OptionParser {
  private readonly args: readonly string[];
  private readonly spec: string;
  private readonly flags = new Set<string>();
  private readonly values = new Map<string, string>();
  private readonly operands: string[] = [];
  private index = 1;

  constructor(args: readonly string[], spec: string) {
    this.args = args;
    this.spec = spec;
  }

  run(): ParsedOptions {
    for (; this.index < this.args.length; this.index++) {
      const word = this.args[this.index];
      if (word === '--help') return this.done(true, undefined);
      if (word === '--') return this.rest(this.index + 1);
      if (word.startsWith('--')) return this.done(false, `unknown option '${word}'`);
      if (word.startsWith('-') && word !== '-') {
        const problem = this.letters(word);
        if (problem !== undefined) return this.done(false, problem);
      } else if (this.spec.startsWith('+')) return this.rest(this.index);
      else this.operands.push(word);
    }
    return this.done(false, undefined);
  }

  /** The letters of one argument: what is wrong with them, if anything. */
  private letters(word: string): string | undefined {
    for (let at = 1; at < word.length; at++) {
      const letter = word[at];
      const known = letter === ':' || letter === '+' ? -1 : this.spec.indexOf(letter);
      if (known < 0) return `unknown option '-${letter}'`;
      if (this.spec[known + 1] !== ':') {
        this.flags.add(letter);
        continue;
      }
      const value = at + 1 < word.length ? word.slice(at + 1) : this.args[++this.index];
      if (value === undefined) return `option '-${letter}' needs a value`;
      this.values.set(letter, value);
      return undefined;
    }
    return undefined;
  }

  private rest(from: number): ParsedOptions {
    this.operands.push(...this.args.slice(from));
    return this.done(false, undefined);
  }

  private done(helpWanted: boolean, problem: string | undefined): ParsedOptions {
    return { flags: this.flags, values: this.values, operands: this.operands, helpWanted, problem };
  }
}

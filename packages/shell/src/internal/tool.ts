/**
 * What a utility is, and what it works with.
 *
 * A utility is a description (name, options, help) and a body. `program` makes a task of it: options are parsed, `--help` is
 * answered, output is collected and written in large pieces, a failed write becomes a message and a status.
 */
import { EPIPE, errnoMessage } from '@veridian-os/abi';
import type { Sys, TaskGenerator, TaskMain } from '@veridian-os/kernel';
import { STDERR, STDIN, STDOUT, writeBytes, writeText, type Step } from './io.js';
import { parseOptions, type ParsedOptions } from './options.js';

/** Status for arguments that make no sense, unless a utility says another. */
const USAGE_STATUS = 1;
/** Output is written when this much has gathered. */
const BUFFER_BYTES = 16_384;
const NO_BYTES = new Uint8Array(0);

export interface Utility {
  readonly name: string;
  /** One line for `help`: what it does, lower case, no period. */
  readonly summary: string;
  /** Arguments after the name: `'[-n] [FILE]...'`. */
  readonly usage: string;
  /** Option letters, each followed by `:` when it takes a value; `undefined`: every argument is an operand. */
  readonly options: string | undefined;
  /** Older spellings to today's, before options are parsed: `head -5`. */
  normalize?(args: readonly string[]): readonly string[];
  /** Status for arguments that make no sense; default 1. */
  readonly usageStatus?: number;
  /** Lines of `--help` after the usage. */
  readonly help?: string;
  /** Body: returns the exit status. */
  run(tool: Tool): Step<number>;
}

/** Three descriptors: a utility's own 0, 1, 2, or what a redirected builtin of the shell got. */
export interface Streams {
  readonly input: number;
  readonly output: number;
  readonly error: number;
}

export const STANDARD_STREAMS: Streams = { input: STDIN, output: STDOUT, error: STDERR };

/** One run of a utility: its arguments and streams. */
export class Tool {
  readonly sys: Sys;
  readonly name: string;
  readonly streams: Streams;
  private readonly usageStatus: number;
  /** Arguments with argv[0]. */
  readonly args: readonly string[];
  private readonly parsed: ParsedOptions;
  /** Made when something is printed. */
  private buffer: Uint8Array<ArrayBufferLike> = NO_BYTES;
  private used = 0;
  /** Errno of the first write that failed. */
  writeError = 0;

  constructor(sys: Sys, utility: Utility, args: readonly string[], parsed: ParsedOptions, streams: Streams) {
    this.sys = sys;
    this.name = utility.name;
    this.usageStatus = utility.usageStatus ?? USAGE_STATUS;
    this.args = args;
    this.parsed = parsed;
    this.streams = streams;
  }

  get operands(): readonly string[] {
    return this.parsed.operands;
  }

  has(letter: string): boolean {
    return this.parsed.flags.has(letter);
  }

  /** Value of an option that takes one. */
  value(letter: string): string | undefined {
    return this.parsed.values.get(letter);
  }

  /** Adds to the output; 0, or the Errno of a write that failed (then it is time to stop). */
  *print(text: string): Step<number> {
    if (this.buffer === NO_BYTES) this.buffer = new Uint8Array(BUFFER_BYTES);
    for (let rest = text; rest !== '';) {
      const { read, written } = new TextEncoder().encodeInto(rest, this.buffer.subarray(this.used));
      this.used += written;
      rest = rest.slice(read);
      if (rest !== '' && (yield* this.flush()) < 0) break;
    }
    return this.writeError;
  }

  /** Adds bytes as they are. */
  *printBytes(bytes: Uint8Array<ArrayBufferLike>): Step<number> {
    if (this.used + bytes.length > BUFFER_BYTES && (yield* this.flush()) < 0) return this.writeError;
    if (bytes.length > BUFFER_BYTES / 4) {
      if ((yield* this.flush()) < 0) return this.writeError;
      this.writeError = yield* writeBytes(this.sys, this.streams.output, bytes);
    } else {
      if (this.buffer === NO_BYTES) this.buffer = new Uint8Array(BUFFER_BYTES);
      this.buffer.set(bytes, this.used);
      this.used += bytes.length;
    }
    return this.writeError;
  }

  /** Writes what has gathered. Filters do it before they wait for input. */
  *flush(): Step<number> {
    const bytes = this.buffer.subarray(0, this.used);
    this.used = 0;
    if (this.writeError === 0 && bytes.length > 0) {
      this.writeError = yield* writeBytes(this.sys, this.streams.output, bytes);
    }
    return this.writeError;
  }

  /** `NAME: WHAT` on standard error, after the output so far; answers with the status for `return yield* ...`. */
  *complain(what: string, status = 1): Step<number> {
    yield* this.flush();
    yield* writeText(this.sys, this.streams.error, `${this.name}: ${what}\n`);
    return status;
  }

  /** `complain` about a file and why the kernel refused it. */
  *complainOf(file: string, errno: number, status = 1): Step<number> {
    return yield* this.complain(`${file}: ${errnoMessage(errno)}`, status);
  }

  *usageError(what: string): Step<number> {
    return yield* this.complain(`${what}\nTry '${this.name} --help'.`, this.usageStatus);
  }
}

/** A utility as a program of the kernel. */
export function program(utility: Utility): TaskMain {
  return function* main(sys, args): TaskGenerator {
    return yield* runUtility(sys, utility, args, STANDARD_STREAMS);
  };
}

/** Runs a utility to its end in the calling task: its exit status. */
export function* runUtility(sys: Sys, utility: Utility, args: readonly string[], streams: Streams): Step<number> {
  const { options } = utility;
  const words = utility.normalize?.(args) ?? args;
  const parsed = options === undefined ? allOperands(words) : parseOptions(words, options);
  const tool = new Tool(sys, utility, args, parsed, streams);
  let status: number;
  if (parsed.helpWanted) status = (yield* tool.print(helpText(utility))) < 0 ? 1 : 0;
  else if (parsed.problem !== undefined) status = yield* tool.usageError(parsed.problem);
  else status = yield* utility.run(tool);
  yield* tool.flush();
  if (tool.writeError === 0) return status;
  if (tool.writeError !== EPIPE) yield* tool.complain(`write error: ${errnoMessage(tool.writeError)}`);
  return status === 0 ? 1 : status;
}

export function helpText(utility: Omit<Utility, 'run'>): string {
  const { name, usage, summary, help } = utility;
  const sentence = summary.charAt(0).toUpperCase() + summary.slice(1);
  return `Usage: ${name}${usage === '' ? '' : ` ${usage}`}\n${sentence}.\n${help === undefined ? '' : `\n${help}\n`}`;
}

/** For utilities without options: only a lone `--help` is one. */
function allOperands(args: readonly string[]): ParsedOptions {
  const operands = args.slice(1);
  const helpWanted = operands.length === 1 && operands[0] === '--help';
  return { flags: new Set(), values: new Map(), operands, helpWanted, problem: undefined };
}

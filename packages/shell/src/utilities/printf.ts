/** printf: text with arguments put in. */
import { unescape } from '../internal/escapes.js';
import type { Step } from '../internal/io.js';
import type { Tool, Utility } from '../internal/tool.js';

/** `%`, flags, width, precision, conversion. */
const CONVERSION = /%([-+ 0#]*)(\d+|\*)?(?:\.(\d+|\*)?)?([sdiuoxXcb%])/y;

export const printf: Utility = {
  name: 'printf',
  summary: 'print text with arguments put in',
  usage: 'FORMAT [ARGUMENT]...',
  options: undefined,
  help: [
    '%s text  %b text with escapes  %c character  %d %i %u %o %x %X numbers  %%   with width and precision: %-8s %05d %.3s',
    'FORMAT is used again while arguments are left; \\n \\t \\\\ \\NNN and so on are understood in it.',
  ].join('\n'),
  *run(tool) {
    const words = tool.args.slice(tool.args[1] === '--' ? 2 : 1);
    const [format, ...values] = words;
    if (format === undefined) return yield* tool.usageError('a format is missing');
    return yield* new Formatter(tool, values).run(format);
  },
};

class Formatter {
  private readonly tool: Tool;
  private readonly values: readonly string[];
  private next = 0;
  private status = 0;

  constructor(tool: Tool, values: readonly string[]) {
    this.tool = tool;
    this.values = values;
  }

  *run(format: string): Step<number> {
    do {
      const before = this.next;
      yield* this.once(format);
      if (this.next === before) break; // it takes no arguments
    } while (this.next < this.values.length && this.tool.writeError === 0);
    return this.status;
  }

  private *once(format: string): Step<void> {
    for (let at = 0; at < format.length;) {
      CONVERSION.lastIndex = at;
      const match = CONVERSION.exec(format);
      if (match !== null) {
        const value = yield* this.convert(match);
        if (typeof value === 'string') yield* this.tool.print(value);
        else yield* this.tool.printBytes(value);
        at = CONVERSION.lastIndex;
        continue;
      }
      const end = format.indexOf('%', at + 1);
      const literal = format.slice(at, end < 0 ? format.length : end);
      yield* this.tool.printBytes(unescape(literal, true));
      at += literal.length;
    }
  }

  private *convert([, flags, width, precision, letter]: RegExpExecArray): Step<string | Uint8Array<ArrayBufferLike>> {
    if (letter === '%') return '%';
    if (letter === 'b') return unescape(this.take(''), false);
    const cells = width === '*' ? yield* this.number() : Number(width ?? 0);
    const digits = precision === '*' ? yield* this.number() : precision === undefined ? undefined : Number(precision);
    const text = yield* this.value(letter, flags, digits);
    const isNumber = !'sc'.includes(letter);
    if (flags.includes('-') || cells < 0) return text.padEnd(Math.abs(cells));
    if (!flags.includes('0') || !isNumber || digits !== undefined) return text.padStart(cells);
    const sign = /^[-+ ]/.exec(text)?.[0] ?? '';
    return sign + text.slice(sign.length).padStart(cells - sign.length, '0');
  }

  private *value(letter: string, flags: string, digits: number | undefined): Step<string> {
    if (letter === 's') return [...this.take('')].slice(0, digits).join('');
    if (letter === 'c') return [...this.take('')][0] ?? '';
    const number = yield* this.number();
    const radix = letter === 'o' ? 8 : letter.toLowerCase() === 'x' ? 16 : 10;
    const magnitude = Math.abs(number)
      .toString(radix)
      .padStart(digits ?? 1, '0');
    const sign = number < 0 ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
    const prefix = flags.includes('#') && number !== 0 ? (radix === 16 ? '0x' : radix === 8 ? '0' : '') : '';
    const text = sign + prefix + magnitude;
    return letter === 'X' ? text.toUpperCase() : text;
  }

  private take(fallback: string): string {
    return this.values[this.next++] ?? fallback;
  }

  /** The next argument as an integer: decimal, 0x.., 0.., or `'c` for a character's code. */
  private *number(): Step<number> {
    const text = this.take('0');
    if (/^["']/.test(text)) return text.codePointAt(1) ?? 0;
    const match = /^\s*([-+]?)(0[xX][0-9a-fA-F]+|\d+)$/.exec(text);
    if (match === null) {
      this.status = yield* this.tool.complain(`${text}: not a number`);
      return parseInt(text, 10) || 0;
    }
    const [, sign, digits] = match;
    const isOctal = /^0[0-7]+$/.test(digits);
    const value = isOctal ? parseInt(digits, 8) : Number(digits);
    return sign === '-' ? -value : value;
  }
}

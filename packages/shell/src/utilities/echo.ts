/** echo: its arguments. */
import { unescape } from '../internal/escapes.js';
import type { Utility } from '../internal/tool.js';

export const echo: Utility = {
  name: 'echo',
  summary: 'print the arguments',
  usage: '[-neE] [TEXT]...',
  options: undefined,
  help: [
    '-n  no newline at the end',
    '-e  understand \\n \\t \\r \\a \\b \\f \\v \\e \\\\ \\0NNN (octal) \\xHH, and \\c (stop here); -E: do not',
  ].join('\n'),
  *run(tool) {
    let index = 1;
    let newline = true;
    let escapes = false;
    for (; index < tool.args.length && /^-[neE]+$/.test(tool.args[index]); index++) {
      for (const letter of tool.args[index].slice(1)) {
        if (letter === 'n') newline = false;
        else escapes = letter === 'e';
      }
    }
    const text = tool.args.slice(index).join(' ');
    const stop = escapes ? /^(?:[^\\]|\\[^c])*?\\c/s.exec(text) : null;
    const shown = stop === null ? text : stop[0].slice(0, -2);
    if (escapes) yield* tool.printBytes(unescape(shown, false));
    else yield* tool.print(shown);
    if (newline && stop === null) yield* tool.print('\n');
    return 0;
  },
};

/** basename, dirname, readlink, seq: names and numbers for scripts. */
import { baseName } from '../internal/files.js';
import type { Utility } from '../internal/tool.js';

export const basename: Utility = {
  name: 'basename',
  summary: 'print the last component of a path',
  usage: 'PATH [SUFFIX]',
  options: '+',
  *run(tool) {
    const [path, suffix = ''] = tool.operands;
    if (path === undefined) return yield* tool.usageError('a path is missing');
    const name = baseName(path);
    const cut = suffix !== '' && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
    yield* tool.print(`${cut}\n`);
    return 0;
  },
};

export const dirname: Utility = {
  name: 'dirname',
  summary: 'print a path without its last component',
  usage: 'PATH...',
  options: '+',
  *run(tool) {
    if (tool.operands.length === 0) return yield* tool.usageError('a path is missing');
    for (const path of tool.operands) {
      const trimmed = path.replace(/(?!^)\/+$/, '');
      const slash = trimmed.lastIndexOf('/');
      const folder = slash < 0 ? '.' : trimmed.slice(0, slash).replace(/(?!^)\/+$/, '');
      yield* tool.print(`${folder === '' ? '/' : folder}\n`);
    }
    return 0;
  },
};

export const readlink: Utility = {
  name: 'readlink',
  summary: 'print where a symbolic link leads',
  usage: 'FILE...',
  options: 'n',
  help: '-n  no newline at the end',
  *run(tool) {
    if (tool.operands.length === 0) return yield* tool.usageError('a file is missing');
    let status = 0;
    for (const path of tool.operands) {
      const target = yield* tool.sys.readlink(path);
      if (typeof target === 'number') status = 1;
      else yield* tool.print(tool.has('n') ? target : `${target}\n`);
    }
    return status;
  },
};

export const seq: Utility = {
  name: 'seq',
  summary: 'print numbers in order',
  usage: '[FIRST [STEP]] LAST',
  options: undefined,
  *run(tool) {
    const words = tool.args.slice(1);
    const numbers = words.map(Number);
    if (words.length < 1 || words.length > 3) return yield* tool.usageError('one to three numbers are needed');
    const bad = words.find((_word, index) => !Number.isFinite(numbers[index]) || words[index].trim() === '');
    if (bad !== undefined) return yield* tool.usageError(`${bad}: not a number`);
    const first = words.length > 1 ? numbers[0] : 1;
    const step = words.length > 2 ? numbers[1] : 1;
    const last = numbers[numbers.length - 1];
    if (step === 0) return yield* tool.usageError('the step must not be 0');
    const decimals = Math.max(0, ...words.slice(0, 2).map((word) => word.split('.')[1]?.length ?? 0));
    // Counted, not summed: fractions would drift.
    for (let index = 0; ; index++) {
      const value = first + index * step;
      if (step > 0 ? value > last : value < last) return 0;
      if ((yield* tool.print(`${value.toFixed(decimals)}\n`)) < 0) return 1;
    }
  },
};

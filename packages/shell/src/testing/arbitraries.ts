/** Random words, source texts and scripts. */
import * as fc from 'fast-check';

/** A word of shell source, and what it means. */
export interface QuotedWord {
  readonly source: string;
  readonly value: string;
}

/** Characters that mean something to a shell, and some that do not. */
const character = fc.oneof(
  fc.constantFrom(...'ab1 \t\n\'"\\$`|&;<>()#!*?[]~={}-/%'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((char) => char !== '\0'),
);
const text = fc.array(character, { maxLength: 8 }).map((characters) => characters.join(''));

const single = text
  .filter((value) => !value.includes("'"))
  .map((value): QuotedWord => ({ source: `'${value}'`, value }));
const double = text.map((value): QuotedWord => {
  return { source: `"${value.replace(/["\\$`]/g, '\\$&')}"`, value };
});
/** A backslash before a newline would vanish with it. */
const escaped = text
  .filter((value) => !value.includes('\n'))
  .map((value): QuotedWord => ({ source: value.replace(/./gsu, '\\$&'), value }));
const bare = fc
  .array(fc.constantFrom(...'abcXYZ019_.,:/@%+-'), { minLength: 1, maxLength: 8 })
  .map((characters): QuotedWord => ({ source: characters.join(''), value: characters.join('') }));

/** Words made of differently quoted pieces; never empty source. */
export const quotedWords: fc.Arbitrary<QuotedWord> = fc
  .array(fc.oneof(single, double, escaped, bare), { minLength: 1, maxLength: 4 })
  .map((pieces) => ({
    source: pieces.map((piece) => piece.source).join(''),
    value: pieces.map((piece) => piece.value).join(''),
  }))
  .filter(({ source }) => source !== '');

/** Anything that somebody may type: mostly nonsense. */
export const sourceTexts: fc.Arbitrary<string> = fc.oneof(
  fc
    .array(
      fc.oneof(
        character,
        fc.constantFrom('$(', '${', ':-', '}', '&&', '||', '2>', '>&', '&>', '<', '$x', '$1', '"$@"', 'a', '\\\n', ' '),
      ),
      { maxLength: 30 },
    )
    .map((pieces) => pieces.join('')),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

const FILES = ['f', 'g'] as const;
const VARIABLES = ['x', 'y'] as const;

const plainWord = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'ab', 'a.b', '1', 'f', 'g', 'x', '-', '=', 'a=b') },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "'a  b'",
      '"a  b"',
      "''",
      '""',
      '"$x"',
      '$x',
      '${y}',
      '${y:-d e}',
      '"${x-d  e}"',
      '$y$x',
    ),
  },
  { weight: 2, arbitrary: fc.constantFrom('*', '?', '[fg]', '"*"', '"$@"', '$@', '$#', '$1', '"$2"', '\\*', '~x') },
);

const output = fc
  .constantFrom(...FILES)
  .chain((file) => fc.constantFrom(`> ${file}`, `>> ${file}`, `2> ${file}`, '2>&1'));
const input = fc.constantFrom(...FILES).map((file) => `< ${file}`);

const echo = fc.tuple(fc.array(plainWord, { maxLength: 4 })).map(([words]) => ['/bin/echo', ...words].join(' '));
const assignment = fc
  .tuple(fc.constantFrom(...VARIABLES), fc.oneof(plainWord, fc.constant('$(/bin/echo a; /bin/echo b)')))
  .map(([name, value]) => `${name}=${value}`);
const builtin = fc.constantFrom(
  'true',
  'false',
  ':',
  'set -- p "q r"',
  'set --',
  'unset x',
  '/bin/echo $?',
  'no-such-command',
);
const filter = fc.constantFrom(
  'cat',
  'sort',
  'wc -l',
  'head -n 1',
  'tail -n 1',
  'grep -c a',
  'grep a',
  'cat -n',
  'wc -c',
);

const simple = fc.oneof(
  { weight: 4, arbitrary: echo },
  { weight: 2, arbitrary: assignment },
  { weight: 2, arbitrary: builtin },
  { weight: 1, arbitrary: fc.tuple(echo, output).map((pair) => pair.join(' ')) },
  { weight: 1, arbitrary: fc.tuple(filter, input).map((pair) => pair.join(' ')) },
);

const { list } = fc.letrec<{ list: string; pipeline: string; command: string }>((tie) => ({
  command: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    simple,
    tie('list').map((inner) => `( ${inner} )`),
    tie('list').map((inner) => `/bin/echo "$( ${inner} )"`),
  ),
  pipeline: fc
    .tuple(fc.boolean(), tie('command'), fc.array(filter, { maxLength: 2 }))
    .map(([negated, first, filters]) => `${negated ? '! ' : ''}${[first, ...filters].join(' | ')}`),
  list: fc
    .tuple(tie('pipeline'), fc.array(fc.tuple(fc.constantFrom('&&', '||', ';'), tie('pipeline')), { maxLength: 3 }))
    .map(([first, rest]) => [first, ...rest.map((pair) => pair.join(' '))].join(' ')),
}));

/** Scripts that every POSIX shell runs alike, in an empty directory, with a deterministic outcome. */
export const scripts: fc.Arbitrary<string> = fc
  .array(list, { minLength: 1, maxLength: 4 })
  .map((lines) => `/bin/echo 1 > f; /bin/echo 2 > g\n${lines.join('\n')}\n/bin/echo "end $?"; cat f g`);

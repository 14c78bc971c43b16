/** Bugs that the kit must catch; planted by `node tools/kit-mutants.mjs shell`. */
const LEXER = 'vsh/lexer.ts';
const PARSER = 'vsh/parser.ts';
const EXPAND = 'vsh/expand.ts';
const GLOB = 'vsh/glob.ts';
const SHELL = 'vsh/shell.ts';
const START = 'vsh/start.ts';
const REDIRECT = 'vsh/redirect.ts';
const WAITER = 'vsh/waiter.ts';

export default [
  {
    name: 'a comment begins inside a word',
    file: LEXER,
    find: "' \\t\\r\\n\\'\"\\\\$`|&;<>()'",
    replace: "'# \\t\\r\\n\\'\"\\\\$`|&;<>()'",
  },
  {
    name: 'empty quotes make no word',
    file: LEXER,
    find: "parts.push({ kind: 'text', text: '', quoted: true });",
    replace: '',
  },
  {
    name: 'a backslash in double quotes quotes everything',
    file: LEXER,
    find: "next !== undefined && '\"\\\\$`\\n'.includes(next)",
    replace: 'next !== undefined',
  },
  { name: 'a descriptor before > is a word', file: LEXER, find: '/(\\d?)(>>', replace: '/([]?)(>>' },
  {
    name: 'an assignment after the name is one',
    file: PARSER,
    find: 'words.length === 0 ? splitAssignment',
    replace: 'true ? splitAssignment',
  },
  {
    name: 'quoted values are split',
    file: EXPAND,
    find: 'if (quoted) this.literal(text);',
    replace: "if (quoted && !text.includes('  ')) this.literal(text);",
  },
  {
    name: 'values are not split',
    file: EXPAND,
    find: 'else if (!this.splits) this.text(text);',
    replace: 'else if (this.splits || !this.splits) this.text(text);',
  },
  {
    name: ':- does not replace empty values',
    file: EXPAND,
    find: "operator.startsWith(':') ? value !== undefined && value !== '' : value !== undefined",
    replace: 'value !== undefined',
  },
  { name: 'hidden names match', file: EXPAND, find: "(text.startsWith('.') || !name.startsWith('.')) &&", replace: '' },
  { name: 'names are not sorted', file: EXPAND, find: 'visible.sort()', replace: 'visible.sort().reverse()' },
  { name: 'quoted patterns match', file: GLOB, find: "char === '*' && !literal", replace: "char === '*'" },
  { name: '[!a] is [a]', file: GLOB, find: ') !== item.negated', replace: ')' },
  {
    name: '|| runs after success',
    file: SHELL,
    find: "(operator === '&&') !== (this.state.status === 0)",
    replace: "operator === '&&' && this.state.status !== 0",
  },
  { name: '-e ends in the middle of &&', file: SHELL, find: 'last === final && ', replace: '' },
  { name: '-e ends after !', file: SHELL, find: ' && !last.negated', replace: '' },
  {
    name: 'assignments before a builtin stay',
    file: SHELL,
    find: 'else variables.set(name, value);\n    }\n    return status;',
    replace: '}\n    return status;',
  },
  {
    name: 'substitutions keep their newlines',
    file: SHELL,
    find: "replace(/\\n+$/, '')",
    replace: "replace(/^$/, '')",
  },
  { name: 'the status of a substitution is lost', file: SHELL, find: 'this.captureStatus ?? 0', replace: '0' },
  { name: 'a subshell shares the state', file: SHELL, find: 'this.state.copy()', replace: 'this.state' },
  {
    name: 'a pipe keeps its writer open',
    file: START,
    find: 'yield* this.command(job, commands[index], files, expanded);\n      yield* files.close(sys);',
    replace: 'yield* this.command(job, commands[index], files, expanded);',
  },
  {
    name: "the status is the first command's",
    file: 'vsh/jobs.ts',
    find: 'const last = this.processes[this.processes.length - 1];\n    if (last.end',
    replace: 'const last = this.processes[0];\n    if (last.end',
  },
  {
    name: '>> begins anew',
    file: REDIRECT,
    find: 'append: O_WRONLY | O_CREAT | O_APPEND',
    replace: 'append: O_WRONLY | O_CREAT | O_TRUNC',
  },
  {
    name: '> keeps what was there',
    file: REDIRECT,
    find: 'write: O_WRONLY | O_CREAT | O_TRUNC',
    replace: 'write: O_WRONLY | O_CREAT',
  },
  {
    name: 'redirections apply from right to left',
    file: REDIRECT,
    find: 'of redirections)',
    replace: 'of [...redirections].reverse())',
  },
  { name: 'wait forgets the status', file: WAITER, find: 'const { status } = job;', replace: 'const status = 0;' },
];

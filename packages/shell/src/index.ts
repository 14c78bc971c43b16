export { programs } from './programs.js';
export { utilities } from './utilities/index.js';
export { vsh } from './vsh/vsh.js';

export { program, type Streams, type Tool, type Utility } from './internal/tool.js';
export { LineReader, type Step } from './internal/io.js';
export type { ParsedOptions } from './internal/options.js';

export {
  MAX_NESTING,
  SyntaxProblem,
  tokenize,
  type Part,
  type RedirectionOperator,
  type Token,
  type Word,
} from './vsh/lexer.js';
export {
  parse,
  type AndOr,
  type Assignment,
  type Command,
  type Pipeline,
  type Redirection,
  type SimpleCommand,
  type Subshell,
} from './vsh/parser.js';
export { Glob, type Fragment } from './vsh/glob.js';
export { quote } from './vsh/quote.js';

export {
  LineEditor,
  MAX_LINE_LENGTH,
  type Candidate,
  type Completion,
  type EditorEvent,
} from './vsh/editor/line-editor.js';
export { remember } from './vsh/editor/history.js';

/** Reading the options of `run`: each refusal names the option, what was expected and what came. */
import type { RunLimits, RunOptions } from '../api.js';
import { MACHINE_NAMES, isMachineName } from './machines.js';

const PAGE = 4096;
/** Descriptors 0, 1 and 2. */
const STREAMS = 3;

const OPTION_NAMES: readonly (keyof RunOptions)[] = [
  ...(['args', 'name', 'env', 'files', 'mounts', 'cwd', 'limits', 'stdin', 'stdout', 'stderr'] as const),
  ...(['terminal', 'signal', 'seed', 'epochMs', 'time', 'trace', 'machine', 'cpus'] as const),
];
const LIMIT_NAMES: readonly (keyof RunLimits)[] = [
  ...(['instructions', 'memory', 'swap', 'timeMs', 'outputBytes', 'processes', 'descriptors'] as const),
];

/** @throws TypeError for a value of the wrong kind, RangeError for one that does not fit */
export function checkOptions(program: unknown, options: RunOptions): void {
  if (!isBytes(program)) throw wrongType('program', 'a Uint8Array', program);
  checkNames('options', options, OPTION_NAMES);
  checkLimits(options.limits ?? {});
  checkProgram(options);
  checkTree(options);
  checkStreams(options);
  const { seed = 1, epochMs = 0, time = 'virtual', trace, signal } = options;
  if (!Number.isSafeInteger(seed) || seed < 0) throw wrongValue('seed', 'a whole number from 0 to 2^53', seed);
  if (!(epochMs >= 0 && epochMs < 2 ** 53)) throw wrongValue('epochMs', 'milliseconds since 1970', epochMs);
  if (time !== 'virtual' && time !== 'paced') throw wrongValue('time', "'virtual' or 'paced'", time);
  if (trace !== undefined && typeof trace !== 'function') throw wrongType('trace', 'a function', trace);
  if (signal !== undefined && typeof signal.addEventListener !== 'function') {
    throw wrongType('signal', 'an AbortSignal', signal);
  }
}

function checkLimits(limits: RunLimits): void {
  checkNames('limits', limits, LIMIT_NAMES);
  for (const name of LIMIT_NAMES) {
    const value = limits[name];
    if (value !== undefined && !(value > 0)) throw wrongValue(`limits.${name}`, 'a positive number', value);
  }
  const { memory = PAGE, swap = PAGE, descriptors = STREAMS, processes = 1 } = limits;
  if (memory % PAGE !== 0) throw wrongValue('limits.memory', `a multiple of ${PAGE}`, memory);
  if (swap % PAGE !== 0) throw wrongValue('limits.swap', `a multiple of ${PAGE}`, swap);
  if (!Number.isInteger(processes)) throw wrongValue('limits.processes', 'a whole number', processes);
  if (!Number.isInteger(descriptors) || descriptors < STREAMS) {
    throw wrongValue('limits.descriptors', `a whole number from ${STREAMS} (the standard streams)`, descriptors);
  }
}

function checkProgram({ args = [], name = 'program', env = {} }: RunOptions): void {
  if (!Array.isArray(args)) throw wrongType('args', 'an array of strings', args);
  args.forEach((arg: unknown, index) => checkText(`args[${index}]`, arg));
  checkText('name', name);
  checkComponents('name', name, name.split('/'));
  for (const [key, value] of Object.entries(env)) {
    if (key === '' || key.includes('=') || key.includes('\0')) {
      throw wrongValue('env', "names without '=' and NUL", JSON.stringify(key));
    }
    checkText(`env.${key}`, value);
  }
}

function checkTree({ files = {}, mounts = [], cwd = '/' }: RunOptions): void {
  for (const [path, contents] of Object.entries(files)) {
    checkPath('files', path);
    checkComponents('files', path, path.slice(1).split('/'));
    if (typeof contents !== 'string' && !isBytes(contents)) {
      throw wrongType(`files[${JSON.stringify(path)}]`, 'a Uint8Array or a string', contents);
    }
  }
  mounts.forEach((mount, index) => {
    checkPath(`mounts[${index}].path`, mount.path);
    if (typeof mount.fs !== 'function') throw wrongType(`mounts[${index}].fs`, 'a function', mount.fs);
  });
  checkPath('cwd', cwd);
}

function checkStreams({ stdin, stdout, stderr, terminal, machine, cpus }: RunOptions): void {
  const isSource = typeof stdin === 'string' || isBytes(stdin) || isSourceOfPieces(stdin);
  if (stdin !== undefined && !isSource) {
    throw wrongType('stdin', 'a Uint8Array, a string, an async iterable or a ReadableStream', stdin);
  }
  for (const [name, sink] of Object.entries({ stdout, stderr })) {
    if (sink === undefined || typeof sink === 'function') continue;
    if (!(sink !== null && typeof sink === 'object' && 'getWriter' in sink)) {
      throw wrongType(name, 'a function or a WritableStream', sink);
    }
    if (sink.locked) throw wrongType(name, 'a stream that nobody writes to', 'a locked one');
  }
  if (typeof machine === 'string' && !isMachineName(machine)) {
    throw wrongValue('machine', `${MACHINE_NAMES.join(', ')} or a machine`, JSON.stringify(machine));
  }
  if (cpus !== undefined && typeof machine === 'object') throw wrongValue('cpus', 'none beside a machine', cpus);
  if (stdout === stderr && typeof stdout === 'object') throw wrongType('stderr', 'another stream than stdout', 'it');
  if (terminal === undefined) return;
  const own = typeof machine === 'string' ? undefined : machine;
  const beside = Object.entries({ stdin, stdout, stderr, machine: own }).find(([, value]) => value !== undefined);
  if (beside !== undefined) throw wrongValue('terminal', `no ${beside[0]} beside it`, 'both');
}

function isSourceOfPieces(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || 'getReader' in value);
}

function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && 'subarray' in value && (value as Uint8Array).BYTES_PER_ELEMENT === 1;
}

function checkNames(what: string, given: object, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null) throw wrongType(what, 'an object', given);
  const stranger = Object.keys(given).find((name) => !known.includes(name));
  if (stranger !== undefined) throw wrongValue(what, known.join(', '), JSON.stringify(stranger));
}

function checkText(what: string, text: unknown): void {
  if (typeof text !== 'string') throw wrongType(what, 'a string', text);
  if (text.includes('\0')) throw wrongValue(what, 'a string without NUL', JSON.stringify(text));
}

function checkPath(what: string, path: unknown): void {
  checkText(what, path);
  if (!(path as string).startsWith('/')) throw wrongValue(what, 'an absolute path', JSON.stringify(path));
}

function checkComponents(what: string, path: string, components: readonly string[]): void {
  if (components.every((part) => part !== '' && part !== '.' && part !== '..')) return;
  throw wrongValue(what, "a path whose parts are not empty, '.' or '..'", JSON.stringify(path));
}

function wrongType(what: string, expected: string, got: unknown): TypeError {
  const kind = got === null ? 'null' : typeof got === 'string' ? got : typeof got;
  return new TypeError(`${what}: expected ${expected}, got ${kind}`);
}

function wrongValue(what: string, expected: string, got: unknown): RangeError {
  return new RangeError(`${what}: expected ${expected}, got ${String(got)}`);
}

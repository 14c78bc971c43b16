/**
 * One line per system call, in strace's format:
 *
 *   [pid 7] openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3
 *
 * The line is written when the call ends, so calls that wait appear in the order in which they finish.
 */
import { RESTART } from '@veridian-os/abi';
import { signalName, type ExecImage, type SignalInfo, type Thread } from '@veridian-os/kernel';
import type { Call } from '../call.js';
import { siginfoKind } from '../layout/siginfo.js';
import type { Row } from '../table/row.js';
import { encodeText } from '../text.js';
import { errorText } from './errors.js';
import { FORMATS, RESULT_FORMATS, type Format } from './formats.js';
import { hex, pointer, quote } from './text.js';

/** strace puts the result at this column. */
const RESULT_COLUMN = 40;

interface Part {
  readonly format: Format;
  readonly parameter: string;
  readonly isOutput: boolean;
}

interface Shape {
  readonly parts: readonly Part[];
  readonly result: string;
  readonly parameter: string;
}

/** @throws RangeError for a format that does not exist */
export function parseTrace(row: Row): Shape {
  const [list, result = 'decimal'] = row.trace.split(/\s*=\s*/);
  const parts = list
    .split(' ')
    .filter((name) => name !== '')
    .map((entry) => {
      const [name, parameter = ''] = entry.split(':');
      const format = FORMATS[name];
      if (format === undefined) throw new RangeError(`trace of ${row.name}: expected a format, got ${name}`);
      return { format, parameter, isOutput: name.startsWith('out-') };
    });
  const [name, parameter = ''] = result.split(':');
  if (RESULT_FORMATS[name] === undefined)
    throw new RangeError(`trace of ${row.name}: expected a result format, got ${name}`);
  return { parts, result: name, parameter };
}

export class Tracer {
  private readonly write: (line: string) => void;
  private readonly shapes = new Map<Row, Shape>();
  /** Arguments of calls that have not ended, as they were at the beginning. */
  private readonly begun = new WeakMap<Thread, readonly string[]>();

  constructor(write: (line: string) => void) {
    this.write = write;
  }

  /** A call begins. */
  enter(call: Call, row: Row | undefined): void {
    if (row === undefined) return;
    const shape = this.shape(row);
    const args = shape.parts.map(({ format, parameter, isOutput }, index) =>
      isOutput ? '' : format(call, index, parameter, undefined),
    );
    this.begun.set(call.thread, args);
    if (shape.result === 'never') this.line(call.thread, row.name, args, '?');
  }

  /** A call ends with a result, an Errno, or RESTART. */
  leave(call: Call, row: Row | undefined, result: number): void {
    if (row === undefined) {
      this.unknown(call, result);
      return;
    }
    const shape = this.shape(row);
    const begun = this.begun.get(call.thread) ?? [];
    const args = shape.parts.map(({ format, parameter, isOutput }, index) =>
      isOutput ? format(call, index, parameter, result) : (begun[index] ?? ''),
    );
    this.line(call.thread, row.name, args, resultText(call, row, shape, result));
  }

  /** A program starts: by execve, or as the first one. */
  loaded(call: Call, exec: ExecImage): void {
    const begun = this.begun.get(call.thread);
    const vars = `/* ${exec.env.length} var${exec.env.length === 1 ? '' : 's'} */`;
    if (begun === undefined) {
      const strings = exec.args.map((arg) => quote(encodeText(arg)));
      this.line(call.thread, 'execve', [quote(encodeText(exec.path)), `[${strings.join(', ')}]`, vars], '0');
      return;
    }
    const isAt = begun.length === 5;
    const shown = begun.map((arg, index) => (index === (isAt ? 3 : 2) ? `${arg} ${vars}` : arg));
    this.line(call.thread, isAt ? 'execveat' : 'execve', shown, '0');
  }

  /** A signal is about to run a handler or to end the process. */
  signal(thread: Thread, info: SignalInfo): void {
    const name = signalName(info.signal);
    const kind = siginfoKind(info.signal, info.code);
    const fields = [`si_signo=${name}`, `si_code=${info.code}`];
    if (kind === 'fault') fields.push(`si_addr=${pointer(info.valueHi * 4294967296 + info.valueLo)}`);
    else fields.push(`si_pid=${info.pid}`, `si_uid=${info.uid}`);
    if (kind === 'child') fields.push(`si_status=${info.status}`);
    this.emit(thread, `--- ${name} {${fields.join(', ')}} ---`);
  }

  /** A thread is gone. */
  ended(thread: Thread, exitStatus: number): void {
    const { ending } = thread.process;
    if (ending?.kind === 'signal') {
      this.emit(thread, `+++ killed by ${signalName(ending.value)}${ending.core ? ' (core dumped)' : ''} +++`);
    } else this.emit(thread, `+++ exited with ${ending?.value ?? exitStatus} +++`);
  }

  private unknown(call: Call, result: number): void {
    const { numberWord } = call.linux.isa;
    const number = call.registers[numberWord] + call.registers[numberWord + 1] * 4294967296;
    const args = [0, 1, 2, 3, 4, 5].map((index) => hex(call.address(index)));
    this.line(call.thread, `syscall_${number}`, args, errorText(result));
  }

  private line(thread: Thread, name: string, args: readonly string[], result: string): void {
    const text = `${name}(${args.filter((arg) => arg !== '').join(', ')}) `;
    this.emit(thread, `${text.padEnd(RESULT_COLUMN)}= ${result}`);
  }

  private emit(thread: Thread, text: string): void {
    this.write(`[pid ${thread.tid}] ${text}`);
  }

  private shape(row: Row): Shape {
    let shape = this.shapes.get(row);
    if (shape === undefined) this.shapes.set(row, (shape = parseTrace(row)));
    return shape;
  }
}

function resultText(call: Call, row: Row, shape: Shape, result: number): string {
  if (result === RESTART) return restartText(row, call.state.restart !== undefined);
  return result < 0 ? errorText(result) : RESULT_FORMATS[shape.result](call, result, shape.parameter);
}

function restartText(row: Row, resumes: boolean): string {
  if (row.restart === 'never') return '-1 EINTR (Interrupted system call)';
  if (resumes) return '? ERESTART_RESTARTBLOCK (Interrupted by signal)';
  if (row.restart === 'ignored') return '? ERESTARTNOHAND (To be restarted if no handler)';
  return '? ERESTARTSYS (To be restarted if SA_RESTART is set)';
}

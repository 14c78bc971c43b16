/**
 * Which system calls a run made and whether they worked, for docs/abi-support.md (tools/abi-support.mjs). With
 * VERIDIAN_CALL_LOG=FILE each run appends one line of JSON: `{ machine, isa, calls: { NAME: 'ok' | ERRNO } }`.
 */
import { appendFileSync } from 'node:fs';
import type { Isa } from '@veridian-os/hal';
import type { RunOptions } from '@veridian-os/veridian';

const FILE = process.env.VERIDIAN_CALL_LOG;
/** `[pid 4] read(0, ...) = 3`, `<... read resumed> ...) = -1 EINTR (...)`; no result yet: no match. */
const CALL = /\] (?:<\.\.\. )?(\w+)(?:\(| resumed>).*= (-1 (E\w+)|\?|-?\w+)/;

export class CallLog {
  private readonly calls: Record<string, string> = {};

  /** Options that make `run` tell; none without a log. */
  get options(): Pick<RunOptions, 'trace'> {
    return FILE === undefined ? {} : { trace: (line) => this.note(line) };
  }

  private note(line: string): void {
    const [, name, , error] = CALL.exec(line) ?? [];
    if (name === undefined) return;
    if (error === undefined) this.calls[name] = 'ok';
    else this.calls[name] ??= error;
  }

  write(machine: string, isa: Isa): void {
    if (FILE !== undefined) appendFileSync(FILE, `${JSON.stringify({ machine, isa, calls: this.calls })}\n`);
  }
}

/** Random histories of a `PageTable` of any format, compared with {@link TableModel} on a {@link TableMachine}. */
import { EEXIST, ENOMEM, NONE, PAGE_SIZE } from '@veridian-os/abi';
import type { Frame } from '@veridian-os/abi';
import fc from 'fast-check';
import { ACCESS_BITS, MEMORY_TYPE, PERMISSIONS, PageFlag } from '../page-table/format.js';
import type { PageTableFormat } from '../page-table/format.js';
import { PageTable } from '../page-table/page-table.js';
import { check, equal } from './assert.js';
import { FAULT } from './fake-machine.js';
import { tableCommand } from './table-commands.js';
import type { TableCommand } from './table-commands.js';
import { TEST_ASID, TableMachine } from './table-machine.js';
import { TableModel, bytesOf } from './table-model.js';
import type { Leaf } from './table-model.js';

const { floor, max, min } = Math; // a global costs much in Jest's sandbox

const GIB = 2 ** 30;
/** Largest leaves of a history: larger ones differ by nothing but time. */
const LARGEST = 2;

/** Commands that want something to work on: they take the next used page. */
const AIMED: ReadonlySet<string> = new Set([
  'replace',
  'protect',
  'hide',
  'demote',
  'promote',
  'read',
  'write',
  'execute',
]);

/** A format's answer may include reading. */
function sameFlags(got: number, expected: number): boolean {
  return got === expected || got === (expected | PageFlag.Read);
}

class History {
  private readonly format: PageTableFormat;
  private readonly machine: TableMachine;
  private readonly table: PageTable;
  private readonly model = new TableModel();
  private readonly hardware: boolean;
  private readonly bases: readonly number[];

  constructor(format: PageTableFormat, hardware: boolean) {
    this.format = format;
    this.hardware = hardware;
    this.machine = new TableMachine(format, hardware);
    this.machine.onIntrusion = (virtual, bits) => {
      const leaf = this.model.at(virtual);
      if (leaf !== undefined) leaf.flags |= bits;
    };
    this.table = new PageTable(this.machine.env, this.machine.createRoot(), TEST_ASID);
    const top = floor(format.userTop / GIB) * GIB;
    this.bases = [0, floor(top / 3 / GIB) * GIB, top - 4 * GIB];
  }

  run(command: TableCommand): void {
    const { machine, model, table } = this;
    const anywhere = this.page(command.place);
    const used = AIMED.has(command.kind) ? model.next(anywhere, this.format.userTop) : anywhere;
    const page = used < this.format.userTop ? used : anywhere;
    machine.intrusion = this.hardware ? command.frame & ACCESS_BITS : 0;
    this[command.kind](page, command);
    equal(table.residentFrames, model.residentFrames, 'residentFrames');
    equal(table.tableFrames, machine.tables, 'tableFrames');
    equal(machine.env.batch.edits.count, 0, 'edits left in the batch');
    this.compare(page);
    machine.checkTranslations();
  }

  /** Everything, upwards and downwards; then the end. */
  finish(): void {
    const { table, model, machine, format } = this;
    machine.budget = Infinity;
    machine.references.check(model.references(), 'at the end');
    machine.entries.check(model.references(), 'entries at the end');
    const up: number[] = [];
    const down: number[] = [];
    for (let at = table.next(0, format.userTop); at < format.userTop; at = table.next(at, format.userTop)) {
      this.compare(at);
      up.push(at);
      at += table.leafBytes;
    }
    for (let at = table.previous(0, format.userTop); at !== NONE; at = table.previous(0, at)) {
      at = table.leafStart(at);
      down.push(at);
    }
    equal(
      up.join(),
      model
        .within(0, format.userTop)
        .map(({ start }) => start)
        .join(),
      'used pages upwards',
    );
    equal(down.reverse().join(), up.join(), 'used pages downwards');
    machine.ending = true;
    table.destroy();
    machine.references.check(new TableModel().references(), 'after destroy');
    machine.entries.check(new TableModel().references(), 'entries after destroy');
    equal(machine.tables, 0, 'tables after destroy');
    equal(machine.env.counters.tableFrames, 0, 'counted tables after destroy');
  }

  /** One of few pages, at three places of user space: in four leaf tables of each of four tables above. */
  private page(place: number): number {
    const { bases } = this;
    const corner = [0, 1, 2, 255, 509, 510, 511, 3][place & 7] * PAGE_SIZE;
    return bases[(place >> 7) % bases.length] + ((place >> 3) & 3) * 2 ** 21 + ((place >> 5) & 3) * GIB + corner;
  }

  private frame(number: number, level: number): Frame {
    const size = 512 ** level;
    const limit = min(this.format.frameLimit, 2 ** 41);
    return (floor((2 ** 20 + ((number * 2654435761) % (limit - 2 ** 21))) / size) * size) as Frame;
  }

  private flagsOf(flags: number): number {
    return (flags & MEMORY_TYPE) === MEMORY_TYPE ? flags & ~PageFlag.NonCacheable : flags;
  }

  /** What a leaf has when the table was asked for `flags`. */
  private completed(flags: number): number {
    if ((flags & PERMISSIONS) === 0) return 0;
    if (this.hardware) return flags;
    return flags | PageFlag.Accessed | ((flags & PageFlag.Write) === 0 ? 0 : PageFlag.Dirty);
  }

  private compare(page: number): void {
    const { table, model } = this;
    const leaf = model.at(page);
    equal(table.levelOf(page), leaf === undefined ? NONE : leaf.level, `level of ${page}`);
    if (leaf === undefined) return;
    equal(table.isGuard, leaf.guard, `guard at ${page}`);
    equal(table.leafStart(page), leaf.start, `start of the leaf at ${page}`);
    check(sameFlags(table.flags, leaf.flags), `flags of ${page}: got ${table.flags}, expected ${leaf.flags}`);
    if (!leaf.guard) equal(table.frame, leaf.frame + (page - leaf.start) / PAGE_SIZE, `frame of ${page}`);
  }

  private add(start: number, level: number, frame: number, flags: number): void {
    this.machine.references.add(frame, 512 ** level, 1);
    this.model.add({ start, level, frame, flags: this.completed(flags), guard: false });
  }

  private install(page: number, command: TableCommand): void {
    const { table, model, machine } = this;
    const error = table.ensure(page);
    if (error < 0) return equal(`${error} ${machine.budget}`, `${ENOMEM} 0`, 'ensure without frames');
    equal(table.isUsed, model.at(page) !== undefined, `used ${page}`);
    if (table.isUsed) return;
    const flags = this.flagsOf(command.flags);
    const frame = this.frame(command.frame, 0);
    table.install(frame, flags);
    this.add(page, 0, frame, flags);
  }

  private installLarge(page: number, command: TableCommand, level = 1): void {
    const { table, model, machine } = this;
    const start = floor(page / bytesOf(level)) * bytesOf(level);
    const flags = this.flagsOf(command.flags);
    const frame = this.frame(command.frame, level);
    const isUsed = model.within(start, start + bytesOf(level)).length > 0;
    const error = table.installLarge(start, level, frame, flags);
    if (isUsed) return equal(error, EEXIST, 'installLarge over something');
    if (error < 0) return equal(`${error} ${machine.budget}`, `${ENOMEM} 0`, 'installLarge without frames');
    this.add(start, level, frame, flags);
  }

  private installHuge(page: number, command: TableCommand): void {
    // Seldom: each of its frames is given back by a call.
    if (this.format.largestLeaf >= LARGEST && command.other % 8 === 0) this.installLarge(page, command, LARGEST);
  }

  /** A whole table of pages that could be one leaf, or almost: a page has other flags, another frame, or all are off by one. */
  private fill(page: number, command: TableCommand): void {
    const { table, model, machine } = this;
    const start = floor(page / bytesOf(1)) * bytesOf(1);
    if (model.within(start, start + bytesOf(1)).length > 0 || machine.budget < 8) return;
    const [way, odd] = [command.other % 4, (command.other >> 2) % 512];
    const first = this.frame(command.frame, 1) + (way === 3 ? 1 : 0);
    for (let i = 0; i < 512; i++) {
      equal(table.ensure(start + i * PAGE_SIZE), 0, 'ensure');
      const flags = way === 1 && i === odd ? command.flags ^ PageFlag.Global : command.flags;
      const frame = first + (way === 2 && i === odd ? 1 : i);
      table.install(frame as Frame, this.flagsOf(flags) | PageFlag.Read);
      this.add(start + i * PAGE_SIZE, 0, frame, this.flagsOf(flags) | PageFlag.Read);
    }
    if (command.place >> 15 === 0) this.promote(start, command);
  }

  private guard(page: number): void {
    if (this.model.at(page) !== undefined || this.table.ensure(page) < 0) return;
    this.table.installGuard();
    this.model.add({ start: page, level: 0, frame: 0, flags: 0, guard: true });
  }

  /** Another frame, or other flags for the same. */
  private replace(page: number, command: TableCommand): void {
    const { table, machine, model } = this;
    const leaf = model.at(page);
    if (leaf === undefined || leaf.flags === 0) return;
    const same = command.other % 2 === 0;
    const frame = same ? leaf.frame : this.frame(command.frame, leaf.level);
    const flags = this.flagsOf(command.flags) | PageFlag.Read;
    table.query(leaf.start);
    table.replace(leaf.start, frame as Frame, flags);
    if (!same) {
      machine.references.add(frame, 512 ** leaf.level, 1);
      machine.references.add(leaf.frame, 512 ** leaf.level, -1);
    }
    leaf.flags = this.completed(flags) | (same ? leaf.flags & ACCESS_BITS : 0);
    leaf.frame = frame;
  }

  /** Two ends for a range operation, made ends of leaves; or undefined without memory for that. */
  private range(page: number, command: TableCommand): readonly [start: number, end: number] | undefined {
    const { table, model, machine } = this;
    const other = this.page(command.other);
    const [start, end] = [min(page, other), max(page, other) + PAGE_SIZE];
    for (const address of [start, end]) {
      const error = table.splitAt(address);
      if (error < 0) {
        equal(`${error} ${machine.budget}`, `${ENOMEM} 0`, 'splitAt without frames');
        // It may have come some way: what it did not reach is as before, and pages are what they were.
        this.resplit(address);
        return undefined;
      }
      model.cut(address);
    }
    return [start, end];
  }

  private resplit(address: number): void {
    const leaf = this.model.at(address);
    if (leaf !== undefined && this.table.levelOf(address) < leaf.level) {
      this.model.split(leaf);
      this.resplit(address);
    }
  }

  /** As mprotect does: permissions of present leaves change in batches, retained ones come back. */
  private protect(page: number, command: TableCommand): void {
    const range = this.range(page, command);
    if (range === undefined) return;
    const { table, model, machine } = this;
    const [start, end] = range;
    const permissions = command.flags & PERMISSIONS & ~PageFlag.Execute;
    for (let at = table.next(start, end); at < end; at = table.next(at, end)) {
      const bytes = table.leafBytes;
      if (!table.isGuard && table.flags === 0) {
        if (permissions !== 0) table.rewrite(table.frame, permissions);
      } else if (!table.isGuard) {
        const others = table.flags & ~(PERMISSIONS | ACCESS_BITS);
        if (permissions !== 0) table.pushReplace(at, table.frame, permissions | others);
        if (machine.env.batch.full) table.commit();
      }
      at += bytes;
    }
    const before = new Map(model.within(start, end).map((leaf) => [leaf, leaf.flags]));
    table.commit();
    if (permissions === 0) return;
    for (const [leaf, flags] of before) {
      if (leaf.guard) continue;
      if (flags === 0) leaf.flags = this.completed(permissions);
      // Bits that came in while the batch was applied are in the model already.
      else leaf.flags = this.completed(permissions | (leaf.flags & ~PERMISSIONS));
    }
  }

  /** Present leaves become retained: PROT_NONE. */
  private hide(page: number): void {
    const { table, model } = this;
    const leaf = model.at(page);
    if (leaf === undefined || leaf.flags === 0) return;
    table.query(leaf.start);
    table.pushReplace(leaf.start, leaf.frame as Frame, leaf.flags & MEMORY_TYPE);
    table.commit();
    leaf.flags = 0;
  }

  private clear(page: number, command: TableCommand): void {
    const range = this.range(page, command);
    if (range === undefined) return;
    const gone = this.model.within(...range);
    this.table.clearRange(...range);
    this.model.remove(gone);
    this.machine.references.check(this.model.references(), 'after clearRange');
  }

  private demote(page: number): void {
    const { table, model, machine } = this;
    const leaf = model.at(page);
    const error = table.demote(page);
    if (error < 0) return equal(`${error} ${machine.budget}`, `${ENOMEM} 0`, 'demote without frames');
    if (leaf !== undefined && leaf.level > 0) model.split(leaf);
  }

  private promote(page: number, _command: TableCommand, level = 1): void {
    const { table, model } = this;
    const start = floor(page / bytesOf(level)) * bytesOf(level);
    const can = model.joined(start, level) !== undefined;
    equal(table.promote(page, level), can, `promote of ${start} to level ${level}`);
    if (!can) return;
    const joined = model.joined(start, level) as Leaf; // with the bits that came in meanwhile
    model.remove(model.within(start, start + bytesOf(level)));
    model.add({ ...joined, flags: this.completed(joined.flags) });
  }

  private promoteHuge(page: number, command: TableCommand): void {
    if (this.format.largestLeaf >= LARGEST) this.promote(page, command, LARGEST);
  }

  /** As munmap does: tables of the hole around a page. */
  private freeTables(page: number): void {
    const { model, table, format } = this;
    if (model.at(page) !== undefined) return;
    const low = model.previous(0, page);
    const high = model.next(page, format.userTop);
    table.freeTables(page, page + PAGE_SIZE, low < 0 ? 0 : low + PAGE_SIZE, high);
  }

  private access(page: number, flag: number): void {
    const leaf = this.model.at(page);
    const frame = this.machine.access(page, flag);
    if (leaf === undefined || leaf.flags === 0) return equal(frame, FAULT, `access to ${page}`);
    equal(this.table.ensure(page), 0, `ensure of ${page}, which is used`);
    const allowed = (this.table.flags & flag) !== 0 && (leaf.flags & PageFlag.Supervisor) === 0;
    equal(
      frame,
      allowed ? leaf.frame + (page - leaf.start) / PAGE_SIZE : FAULT,
      `frame that an access to ${page} reached`,
    );
    if (allowed) leaf.flags |= flag === PageFlag.Write ? ACCESS_BITS : PageFlag.Accessed;
  }

  private read(page: number): void {
    this.access(page, PageFlag.Read);
  }

  private write(page: number): void {
    this.access(page, PageFlag.Write);
  }

  private execute(page: number): void {
    this.access(page, PageFlag.Execute);
  }

  private walk(page: number, command: TableCommand): void {
    const other = this.page(command.other);
    const [start, end] = [min(page, other), max(page, other) + PAGE_SIZE];
    equal(this.table.next(start, end), this.model.next(start, end), `next in ${start} .. ${end}`);
    equal(this.table.previous(start, end), this.model.previous(start, end), `previous in ${start} .. ${end}`);
    const near = page + PAGE_SIZE * (1 + (command.frame % 4));
    equal(this.table.next(page, near), this.model.next(page, near), `next in ${page} .. ${near}`);
    equal(this.table.previous(page, near), this.model.previous(page, near), `previous in ${page} .. ${near}`);
  }

  /** Table frames run out, or come back. */
  private starve(_page: number, command: TableCommand): void {
    this.machine.budget = command.other % 4 === 0 ? command.frame % 3 : Infinity;
  }
}

/** Runs one history to its end. @throws Error at the first difference */
export function runTableHistory(format: PageTableFormat, hardware: boolean, commands: readonly TableCommand[]): void {
  const history = new History(format, hardware);
  for (const command of commands) history.run(command);
  history.finish();
}

export interface TableHistoryOptions {
  /** Commands in all, about. */
  readonly commands: number;
  readonly seed: number;
  /** Look for the shortest history that fails: takes its time. */
  readonly shrink?: boolean;
}

const MOST_COMMANDS = 200;

/** Random histories of tables of a format. The error names the seed. */
export function checkTableHistories(format: PageTableFormat, options: TableHistoryOptions): void {
  const { commands, seed, shrink = false } = options;
  const list = fc.array(tableCommand, { minLength: MOST_COMMANDS / 2, maxLength: MOST_COMMANDS, size: 'max' });
  const run = fc.property(fc.boolean(), list, (hardware, steps) => runTableHistory(format, hardware, steps));
  fc.assert(run, { seed, endOnFailure: !shrink, numRuns: Math.ceil(commands / (0.75 * MOST_COMMANDS)) });
}

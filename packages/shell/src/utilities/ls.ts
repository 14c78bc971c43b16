/** ls: names in directories. */
import { errnoMessage, S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, type FileStat } from '@veridian-os/abi';
import { emptyStat } from '@veridian-os/kernel';
import { O_DIRECTORY, O_RDONLY } from '@veridian-os/vfs';
import { columns, humanSize, modeText, table } from '../internal/format.js';
import type { Step } from '../internal/io.js';
import { minuteText } from '../internal/time.js';
import type { Tool, Utility } from '../internal/tool.js';
import { windowSize } from '../vsh/terminal.js';

/** Status when something could not be listed: minor below an operand, serious for an operand itself. */
const MINOR = 1;
const SERIOUS = 2;

interface Entry {
  readonly name: string;
  readonly path: string;
  readonly stat: FileStat;
}

export const ls: Utility = {
  name: 'ls',
  summary: 'list directories',
  usage: '[-1aAdFhilrRSt] [FILE]...',
  options: '1aAdFhilrRSt',
  usageStatus: SERIOUS,
  help: [
    '-l  mode, links, owner, group, size, time, name      -h  sizes with K, M, G',
    '-a  names that begin with a dot too                  -A  these, but not . and ..',
    '-1  one name per line                                -i  inode numbers',
    '-R  subdirectories too                               -d  directories themselves',
    '-F  mark directories /, links @, programs *          -S, -t, -r  by size, by time, reversed',
  ].join('\n'),
  *run(tool) {
    return yield* new Listing(tool).run();
  },
};

class Listing {
  private readonly tool: Tool;
  private status = 0;
  private isTerminal = false;
  /** Cells for columns; 0 = one name per line. */
  private width = 0;
  /** A heading is due before the next directory. */
  private headings = false;
  private isFirst = true;

  constructor(tool: Tool) {
    this.tool = tool;
  }

  *run(): Step<number> {
    const { tool } = this;
    const operands = tool.operands.length === 0 ? ['.'] : tool.operands;
    const size = yield* windowSize(tool.sys, tool.streams.output);
    this.isTerminal = size !== undefined;
    this.width = size === undefined || tool.has('1') ? 0 : size.columns;
    this.headings = operands.length > 1 || tool.has('R');
    const files: Entry[] = [];
    const directories: Entry[] = [];
    for (const path of operands) {
      const entry = yield* this.look(path, path, SERIOUS);
      if (entry !== undefined) (isDirectory(entry) && !tool.has('d') ? directories : files).push(entry);
    }
    if (files.length > 0) {
      yield* this.show(this.sorted(files));
      this.isFirst = false;
    }
    for (const { path } of this.sorted(directories)) yield* this.directory(path, SERIOUS);
    return this.status;
  }

  /** Attributes of a file; operands that are links are followed unless `-l` shows the link. */
  private *look(name: string, path: string, severity: number): Step<Entry | undefined> {
    const stat = emptyStat();
    const follow = severity === SERIOUS && !this.tool.has('l');
    let result = yield* this.tool.sys.stat(path, stat, follow);
    if (result < 0 && follow) result = yield* this.tool.sys.stat(path, stat, false);
    if (result >= 0) return { name, path, stat };
    yield* this.complain(path, result, severity);
    return undefined;
  }

  private *complain(path: string, errno: number, severity: number): Step<void> {
    yield* this.tool.complain(`cannot access '${path}': ${errnoMessage(errno)}`);
    this.status = Math.max(this.status, severity);
  }

  private *directory(path: string, severity: number): Step<void> {
    const entries = yield* this.read(path, severity);
    if (entries === undefined) return;
    if (this.headings) yield* this.tool.print(`${this.isFirst ? '' : '\n'}${path}:\n`);
    this.isFirst = false;
    const shown = this.sorted(entries);
    if (this.tool.has('l')) {
      const blocks = shown.reduce((sum, { stat }) => sum + stat.blocks, 0);
      yield* this.tool.print(`total ${this.tool.has('h') ? humanSize(blocks * 512) : Math.ceil(blocks / 2)}\n`);
    }
    yield* this.show(shown);
    if (!this.tool.has('R')) return;
    for (const entry of shown) {
      if (isDirectory(entry) && entry.name !== '.' && entry.name !== '..') yield* this.directory(entry.path, MINOR);
    }
  }

  private *read(path: string, severity: number): Step<Entry[] | undefined> {
    const { sys } = this.tool;
    const fd = yield* sys.open(path, O_RDONLY | O_DIRECTORY);
    const listed = fd < 0 ? fd : yield* sys.readdir(fd);
    if (fd >= 0) yield* sys.close(fd);
    if (typeof listed === 'number') {
      yield* this.complain(path, listed, severity);
      return undefined;
    }
    const names = listed.map((entry) => entry.name).filter((name) => this.wants(name));
    if (this.tool.has('a')) names.unshift('.', '..');
    const entries: Entry[] = [];
    for (const name of names) {
      const entry = yield* this.look(name, path.endsWith('/') ? path + name : `${path}/${name}`, MINOR);
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
  }

  private wants(name: string): boolean {
    return !name.startsWith('.') || this.tool.has('a') || this.tool.has('A');
  }

  private sorted(entries: readonly Entry[]): Entry[] {
    const { tool } = this;
    const byName = (a: Entry, b: Entry): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
    const bySize = (a: Entry, b: Entry): number => b.stat.size - a.stat.size || byName(a, b);
    const byTime = (a: Entry, b: Entry): number =>
      b.stat.mtimeSec - a.stat.mtimeSec || b.stat.mtimeNsec - a.stat.mtimeNsec || byName(a, b);
    const result = [...entries].sort(tool.has('S') ? bySize : tool.has('t') ? byTime : byName);
    return tool.has('r') ? result.reverse() : result;
  }

  private *show(entries: readonly Entry[]): Step<void> {
    const { tool } = this;
    if (tool.has('l')) {
      const rows: string[][] = [];
      for (const entry of entries) rows.push(yield* this.longRow(entry));
      yield* tool.print(table(rows, tool.has('i') ? '><><<><<' : '<><<><<', 1));
      return;
    }
    const names = entries.map((entry) => this.prefix(entry) + this.label(entry));
    yield* tool.print(this.width > 0 ? columns(names, this.width) : names.map((name) => `${name}\n`).join(''));
  }

  private prefix({ stat }: Entry): string {
    return this.tool.has('i') ? `${stat.ino} ` : '';
  }

  private label({ name, stat }: Entry): string {
    const shown = this.printable(name);
    if (!this.tool.has('F')) return shown;
    const type = stat.mode & S_IFMT;
    if (type === S_IFDIR) return `${shown}/`;
    if (type === S_IFLNK) return `${shown}@`;
    return (stat.mode & 0o111) === 0 ? shown : `${shown}*`;
  }

  /** At a terminal control characters become `?`: a name must not steer it. */
  private printable(name: string): string {
    return this.isTerminal ? name.replace(/\p{Cc}/gu, '?') : name;
  }

  private *longRow(entry: Entry): Step<string[]> {
    const { stat } = entry;
    const type = stat.mode & S_IFMT;
    const isDevice = type === S_IFCHR || type === S_IFBLK;
    const size = isDevice
      ? `${stat.rdev >> 8},${String(stat.rdev & 0xff).padStart(3)}`
      : this.tool.has('h')
        ? humanSize(stat.size)
        : String(stat.size);
    const target = type === S_IFLNK ? yield* this.tool.sys.readlink(entry.path) : undefined;
    const arrow = typeof target === 'string' ? ` -> ${this.printable(target)}` : '';
    const row = [modeText(stat.mode), String(stat.nlink), owner(stat.uid), owner(stat.gid), size];
    row.push(minuteText(stat.mtimeSec), this.label(entry) + arrow);
    return this.tool.has('i') ? [String(stat.ino), ...row] : row;
  }
}

function isDirectory({ stat }: Entry): boolean {
  return (stat.mode & S_IFMT) === S_IFDIR;
}

function owner(id: number): string {
  return id === 0 ? 'root' : String(id);
}

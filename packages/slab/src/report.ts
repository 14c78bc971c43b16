/** What is shown to people: a table in the manner of `slabtop`, and leaks. */
import type { CacheStatistics, Leak } from './api.js';

const PAGE_BYTES = 4096;

export interface SlabtopOptions {
  /** What rows are sorted by, most first; default `objects`, as slabtop does it. */
  readonly sort?: 'objects' | 'live' | 'frames' | 'size' | 'name';
  /** Rows, without the header; default all. */
  readonly limit?: number;
}

const kibibytes = (bytes: number): string => `${(bytes / 1024).toFixed(2)}K`;

function share(part: number, whole: number): string {
  return whole === 0 ? '0.0%' : `${((100 * part) / whole).toFixed(1)}%`;
}

const sum = (rows: readonly CacheStatistics[], of: (row: CacheStatistics) => number): number =>
  rows.reduce((total, row) => total + of(row), 0);

function header(rows: readonly CacheStatistics[]): string[] {
  const strides = rows.map(({ stride }) => stride);
  const live = sum(rows, (row) => row.live);
  const objects = sum(rows, (row) => row.objects);
  const slabs = sum(rows, (row) => row.slabs);
  const active = rows.filter((row) => row.live > 0).length;
  const bytes = sum(rows, (row) => row.frames * PAGE_BYTES);
  const used = sum(rows, (row) => row.live * row.stride);
  const average = objects === 0 ? 0 : sum(rows, (row) => row.objects * row.stride) / objects;
  const sizes = [rows.length === 0 ? 0 : Math.min(...strides), average, Math.max(0, ...strides)].map(kibibytes);
  return [
    ` Active / Total Objects (% used)    : ${live} / ${objects} (${share(live, objects)})`,
    ` Total Slabs                        : ${slabs}`,
    ` Active / Total Caches (% used)     : ${active} / ${rows.length} (${share(active, rows.length)})`,
    ` Active / Total Size (% used)       : ${kibibytes(used)} / ${kibibytes(bytes)} (${share(used, bytes)})`,
    ` Minimum / Average / Maximum Object : ${sizes.join(' / ')}`,
  ];
}

function line(row: CacheStatistics): string {
  const use = row.objects === 0 ? 0 : Math.floor((100 * row.live) / row.objects);
  const columns = [
    String(row.objects).padStart(6),
    String(row.live).padStart(6),
    `${use}%`.padStart(4),
    kibibytes(row.stride).padStart(8),
    String(row.slabs).padStart(6),
    String(row.objectsPerSlab).padStart(8),
    `${(row.frames * PAGE_BYTES) / 1024}K`.padStart(10),
  ];
  const also = row.aliases.length > 0 ? ` (also ${row.aliases.join(', ')})` : '';
  return `${columns.join(' ')} ${row.name}${also}`;
}

/** A table of caches, as `slabtop -o` prints it: lines without a newline at the end. */
export function formatSlabtop(caches: readonly CacheStatistics[], options: SlabtopOptions = {}): string {
  const { sort = 'objects', limit = caches.length } = options;
  const before = (a: CacheStatistics, b: CacheStatistics): number =>
    (sort === 'name' ? 0 : b[sort] - a[sort]) || (a.name < b.name ? -1 : 1);
  const title = '  OBJS ACTIVE  USE OBJ SIZE  SLABS OBJ/SLAB CACHE SIZE NAME';
  return [...header(caches), '', title, ...[...caches].sort(before).slice(0, limit).map(line)].join('\n');
}

/** Leaks, one a line. @param nameOf what a call site is called; default its number */
export function formatLeaks(leaks: readonly Leak[], nameOf: (site: number) => string = String): string {
  return leaks
    .map(({ cache, site, objects, bytes, first }) => {
      const what = `${objects} ${objects === 1 ? 'object' : 'objects'}`;
      return `${cache}: ${what}, ${bytes} bytes, allocated by ${nameOf(site)}, the first at 0x${first.toString(16)}`;
    })
    .join('\n');
}

/** Runs items on both sides and reports what differs without an explanation. */
import type { Explanation } from './explained.js';
import { EXPLANATIONS } from './explained.js';
import type { Image, Item } from './image.js';
import { buildImage } from './image.js';
import { R_CSRS, R_WATCHES, R_WORDS, SEEN_CSRS } from './layout.js';
import type { OurSystemSetting, PrivilegedOracle, Result } from './run.js';
import { runOurSystem, runQemuSystem } from './run.js';

export interface PrivilegedComparison {
  readonly instructions: number;
  /** Empty when both agree up to explained differences. */
  readonly report: string;
  /** How many items each explanation was needed for. */
  readonly explained: ReadonlyMap<string, number>;
  readonly image: Image;
  readonly ours: Result;
}

const CAUSE = R_CSRS + SEEN_CSRS.indexOf('mcause');
const VALUE = R_CSRS + SEEN_CSRS.indexOf('mtval');
const S_VALUE = R_CSRS + SEEN_CSRS.indexOf('stval');
const S_CAUSE = R_CSRS + SEEN_CSRS.indexOf('scause');

export function wordName(word: number): string {
  if (word < R_CSRS) return word < 32 ? `x${word}` : `f${word - 32}`;
  return word < R_WATCHES ? SEEN_CSRS[word - R_CSRS] : `watch${word - R_WATCHES}`;
}

/** The cause of the trap that the item was about: the delegated one, if machine mode was reached through it. */
export function causeOf(records: BigUint64Array, item: number): bigint {
  const delegated = records[item * R_WORDS + S_CAUSE];
  return delegated === 0n ? records[item * R_WORDS + CAUSE] : delegated;
}

function valueOf(records: BigUint64Array, item: number): bigint {
  const delegated = records[item * R_WORDS + S_CAUSE] !== 0n;
  return records[item * R_WORDS + (delegated ? S_VALUE : VALUE)];
}

const hex = (value: bigint): string => value.toString(16);

function explain(item: Item, index: number, word: number, ours: Result, theirs: Result): Explanation | undefined {
  const at = index * R_WORDS + word;
  const difference = {
    item,
    name: wordName(word),
    ours: ours.records[at],
    theirs: theirs.records[at],
    cause: causeOf(ours.records, index),
    theirCause: causeOf(theirs.records, index),
    value: valueOf(ours.records, index),
    theirValue: valueOf(theirs.records, index),
  };
  return EXPLANATIONS.find((explanation) => explanation.covers(difference));
}

function describeItem(item: Item, index: number): string {
  const code = item.code.slice(0, 60).map((half) => half.toString(16).padStart(4, '0'));
  const csrs = Object.entries(item.csrs ?? {}).map(([name, value]) => `${name}=${hex(value)}`);
  const x = [...(item.x ?? [])].map(([register, value]) => `x${register}=${hex(value)}`);
  const pokes = (item.pokes ?? []).map(([address, value]) => `[${address.toString(16)}]=${hex(value)}`);
  return (
    `item ${index}, ${item.kind}, privilege ${item.privilege}, status ${hex(item.status ?? 0n)}, ` +
    `code ${code.join(' ')}\n  ${csrs.join(' ')}\n  ${x.join(' ')}\n  ${pokes.join(' ')}`
  );
}

/** What an item ends with on both sides. @returns the report's lines, none when all is explained */
function compareItem(index: number, image: Image, ours: Result, theirs: Result, used: Set<string>): readonly string[] {
  const lines: string[] = [];
  for (let word = 0; word < R_WORDS; word++) {
    const at = index * R_WORDS + word;
    if (ours.records[at] === theirs.records[at]) continue;
    const explanation = explain(image.items[index], index, word, ours, theirs);
    if (explanation !== undefined) used.add(explanation.id);
    else lines.push(`  ${wordName(word)}: ours ${hex(ours.records[at])}, qemu ${hex(theirs.records[at])}`);
  }
  return lines;
}

export function compareItems(
  items: readonly Item[],
  oracle: PrivilegedOracle,
  setting: OurSystemSetting = {},
): PrivilegedComparison {
  const image = buildImage(items);
  const ours = runOurSystem(image, setting);
  const theirs = runQemuSystem(image, oracle);
  const explained = new Map<string, number>();
  const stopped = ours.ended === 'stopped' && theirs.ended === 'stopped';
  const ended = stopped ? '' : `ours ${ours.ended}, qemu ${theirs.ended}\n`;
  const base = { instructions: ours.instructions, explained, image, ours };
  for (let index = 0; index < items.length; index++) {
    const used = new Set<string>();
    const lines = compareItem(index, image, ours, theirs, used);
    for (const id of used) explained.set(id, (explained.get(id) ?? 0) + 1);
    if (lines.length > 0) {
      return { ...base, report: `${ended}${describeItem(items[index], index)}\n${lines.slice(0, 16).join('\n')}` };
    }
  }
  return { ...base, report: ended };
}

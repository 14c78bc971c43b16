/**
 * Where two runs of one program part: the same machine with and without translation, say. Both go in equal steps, and their
 * registers are compared after each. Behind a step that ends in a difference the search starts over, since machines have no
 * way back: both run to the step's beginning, which must not matter to what they do, and then part of the step, half as much
 * more or less each time, until they agree after N instructions and differ after N + 1.
 *
 * Cost   one run up to the difference, and log2(step) more of both
 * Limit  a difference in memory is noticed when a register has it
 */
export interface Lane {
  /** Runs this many instructions, fewer when the guest stops. @returns how many it were */
  run(count: number): number;
  /** All registers, as they are now: the view may change with the next run. */
  readonly registers: Uint32Array<ArrayBufferLike>;
}

export interface SearchOptions {
  /** Two new machines with the program loaded: the one to trust, and the other. */
  readonly make: () => readonly [reference: Lane, other: Lane];
  /** Instructions between two comparisons; shorter ones leave translated code less to do. */
  readonly step: number;
  /** Instructions after which both are believed. */
  readonly most: number;
  /** Hears of each step that agreed: instructions so far. */
  readonly agreed?: (instructions: number) => void;
}

/** A register that differs. */
export interface Difference {
  readonly name: string;
  readonly reference: bigint;
  readonly other: bigint;
}

export interface Parting {
  /** After so many instructions they differ, after one less they do not. */
  readonly instructions: number;
  readonly differences: readonly Difference[];
  /**
   * pc before each of the last instructions of the reference, oldest first. Translated code is only entered when it may run to
   * its next entry, so a wrong instruction may lie some way before the last.
   */
  readonly trail: readonly bigint[];
}

const PC = 32;
const FCSR = 65;
const TRAIL = 64;

/** Registers are x0 .. x31, pc, f0 .. f31 and fcsr, 64 bits each. */
function nameOf(index: number): string {
  if (index === PC) return 'pc';
  if (index === FCSR) return 'fcsr';
  return index < PC ? `x${index}` : `f${index - PC - 1}`;
}

const valueOf = (words: Uint32Array, index: number): bigint =>
  (BigInt(words[index * 2 + 1]) << 32n) | BigInt(words[index * 2]);

function compare(reference: Lane, other: Lane, counts: readonly [number, number]): Difference[] {
  const [expected, got] = [reference.registers, other.registers];
  const found: Difference[] = [];
  for (let i = 0; i <= FCSR; i++) {
    const pair = { reference: valueOf(expected, i), other: valueOf(got, i) };
    if (pair.reference !== pair.other) found.push({ name: nameOf(i), ...pair });
  }
  if (counts[0] !== counts[1])
    found.push({ name: 'instructions', reference: BigInt(counts[0]), other: BigInt(counts[1]) });
  return found;
}

/** Runs both for the steps' sum and then `more`. */
function replay({ make, step }: SearchOptions, steps: number, more: number): Difference[] {
  const [reference, other] = make();
  for (let i = 0; i < steps; i++) for (const lane of [reference, other]) lane.run(step);
  return compare(reference, other, [reference.run(more), other.run(more)]);
}

function narrow(
  options: SearchOptions,
  steps: number,
  last: Difference[],
): { count: number; differences: Difference[] } {
  let [agrees, differs, differences] = [0, options.step, last];
  while (differs - agrees > 1) {
    const middle = (agrees + differs) >> 1;
    const found = replay(options, steps, middle);
    if (found.length === 0) agrees = middle;
    else [differs, differences] = [middle, found];
  }
  return { count: differs, differences };
}

function trailOf({ make }: SearchOptions, instructions: number): bigint[] {
  const [reference] = make();
  const count = Math.min(TRAIL, instructions);
  if (instructions > count) reference.run(instructions - count);
  return Array.from({ length: count }, () => {
    const pc = valueOf(reference.registers, PC);
    reference.run(1);
    return pc;
  });
}

/** @returns undefined when both agree until the guest has stopped, or for `most` instructions */
export function findParting(options: SearchOptions): Parting | undefined {
  const [reference, other] = options.make();
  for (let steps = 0; steps * options.step < options.most; steps++) {
    const counts = [reference.run(options.step), other.run(options.step)] as const;
    const found = compare(reference, other, counts);
    if (found.length > 0) {
      const { count, differences } = narrow(options, steps, found);
      const instructions = steps * options.step + count;
      return { instructions, differences, trail: trailOf(options, instructions) };
    }
    options.agreed?.(steps * options.step + counts[0]);
    if (counts[0] < options.step) return undefined;
  }
  return undefined;
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** A parting in words. */
export function describeParting({ instructions, differences, trail }: Parting): string {
  const registers = differences.map((one) => `  ${one.name}: ${hex(one.reference)}, translated ${hex(one.other)}`);
  const last = trail.slice(-16).map(hex).join(' ');
  return `differ after ${instructions} instructions\n${registers.join('\n')}\n  pc before the last ones: ${last}\n`;
}

/**
 * Who goes when memory has run out.
 *
 * Units      pages
 * Source     Linux mm/oom_kill.c: badness is what a process would give back, moved by its oom_score_adj in thousandths of
 *            all memory; -1000 exempts it
 */

export interface OomCandidate {
  /** For the explanation: `name[pid]`. */
  readonly name: string;
  /** Frames of its pages and its page tables, and its pages in the swap area. */
  readonly resident: number;
  readonly tables: number;
  readonly swapped: number;
  /** oom_score_adj, -1000 .. 1000; default 0. */
  readonly adjustment?: number;
}

/** What the machine has, pages. */
export interface OomSituation {
  readonly totalFrames: number;
  readonly freeFrames: number;
  readonly swapPages: number;
  readonly freeSwapPages: number;
}

const EXEMPT = -1000;
const PAGES_PER_MEBIBYTE = 256;

/** The larger, the sooner it goes; -Infinity never. `total` = frames and swap pages of the machine. */
export function badness(candidate: OomCandidate, total: number): number {
  const { resident, tables, swapped, adjustment = 0 } = candidate;
  return adjustment <= EXEMPT ? -Infinity : resident + tables + swapped + (adjustment * total) / 1000;
}

/** Index of the process that must go, the first of equals; -1 when all are exempt. */
export function chooseVictim(candidates: readonly OomCandidate[], total: number): number {
  let victim = -1;
  let worst = -Infinity;
  for (const [index, candidate] of candidates.entries()) {
    const points = badness(candidate, total);
    if (points <= worst) continue;
    victim = index;
    worst = points;
  }
  return victim;
}

/** One sentence: what was full, what the victim held, and who held most beside it. */
export function explainOom(candidates: readonly OomCandidate[], victim: number, now: OomSituation): string {
  const { totalFrames, freeFrames, swapPages, freeSwapPages } = now;
  const chosen = candidates[victim];
  const next = candidates
    .filter((_, index) => index !== victim)
    .reduce<OomCandidate | undefined>(
      (most, one) => (most === undefined || held(one) > held(most) ? one : most),
      undefined,
    );
  const swap =
    swapPages === 0 ? 'no swap' : `${mebibytes(swapPages - freeSwapPages)} of ${mebibytes(swapPages)} MiB of swap`;
  return [
    `${mebibytes(totalFrames - freeFrames)} of ${mebibytes(totalFrames)} MiB of memory and ${swap} in use`,
    `it held most: ${holding(chosen)}`,
    ...(next === undefined ? [] : [`next ${next.name}: ${holding(next)}`]),
  ].join('; ');
}

const held = ({ resident, tables, swapped }: OomCandidate): number => resident + tables + swapped;

function holding({ resident, tables, swapped }: OomCandidate): string {
  const parts = [`${mebibytes(resident)} MiB resident`, `${mebibytes(tables)} of page tables`];
  return [...parts, ...(swapped === 0 ? [] : [`${mebibytes(swapped)} swapped`])].join(', ');
}

function mebibytes(pages: number): string {
  return (pages / PAGES_PER_MEBIBYTE).toFixed(1);
}

/**
 * Weight of each nice value, -20 to 19: each step is a factor of about 1.25, so that one step is about 10 % of the CPU
 * between two threads. Source: Linux, kernel/sched/core.c, sched_prio_to_weight.
 */
const WEIGHTS: readonly number[] = [
  88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991,
  1586, 1277, 1024, 820, 655, 526, 423, 335, 272, 215, 172, 137, 110, 87, 70, 56, 45, 36, 29, 23, 18, 15,
];

export const MIN_NICE = -20;
export const MAX_NICE = 19;
export const NICE_0_WEIGHT = 1024;

/** @param nice MIN_NICE to MAX_NICE */
export function weightOfNice(nice: number): number {
  return WEIGHTS[nice - MIN_NICE];
}

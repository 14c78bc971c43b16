/** Device models: registers behind a bus, ports to the outside. They know no CPU and no machine. */

/** One range of registers. Offsets are within the range; accesses are naturally aligned and do not leave it. */
export interface Device {
  /** Unsigned value of `size` (1, 2, 4) bytes at `offset`. */
  read(offset: number, size: number): number;
  write(offset: number, size: number, value: number): void;
}

/** An interrupt line. Level-triggered: what counts is the level last set. */
export type Line = (high: boolean) => void;

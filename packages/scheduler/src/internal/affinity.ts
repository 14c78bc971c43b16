/**
 * Which CPUs each thread may run on: one bit per CPU, one row of words per thread.
 *
 * Shapes  rows  Int32Array[threads * width], width = ceil(cpus / 32)
 */
import { EINVAL, type Errno } from '@veridian-os/abi';

const TWO_32 = 4294967296;

export class Affinity {
  private readonly cpus: number;
  private readonly width: number;
  private readonly rows: Int32Array<ArrayBuffer>;

  constructor(cpus: number, threads: number) {
    this.cpus = cpus;
    this.width = (cpus + 31) >>> 5;
    this.rows = new Int32Array(threads * this.width);
  }

  /** 0, or EINVAL unless the mask is an integer that names one of the CPUs; undefined means all of them. */
  check(mask: number | undefined): 0 | Errno {
    if (mask === undefined) return 0;
    if (!Number.isSafeInteger(mask) || mask < -(2 ** 31)) return EINVAL;
    for (let cpu = 0; cpu < this.cpus && cpu < 53; cpu++) if (maskHas(mask, cpu)) return 0;
    return EINVAL;
  }

  /** Stores a checked mask. */
  set(thread: number, mask: number | undefined): void {
    const start = thread * this.width;
    this.rows.fill(0, start, start + this.width);
    for (let cpu = 0; cpu < this.cpus; cpu++)
      if (mask === undefined || (cpu < 53 && maskHas(mask, cpu))) this.rows[start + (cpu >>> 5)] |= 1 << (cpu & 31);
  }

  allows(thread: number, cpu: number): boolean {
    return ((this.rows[thread * this.width + (cpu >>> 5)] >>> (cpu & 31)) & 1) !== 0;
  }
}

/** Bit `cpu` of a mask of 53 bits; a negative one is an int32 whose bit 31 is set. */
function maskHas(mask: number, cpu: number): boolean {
  if (cpu < 32) return ((mask >>> cpu) & 1) !== 0;
  return mask >= 0 && ((Math.floor(mask / TWO_32) >>> (cpu - 32)) & 1) !== 0;
}

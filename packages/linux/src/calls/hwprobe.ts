/**
 * riscv_hwprobe: what the processors have, told from the firmware's ISA string, so that it agrees with /proc/cpuinfo and
 * claims nothing that the machine at hand has not got. AT_HWCAP has the single letters only, as on Linux.
 * Source: Linux Documentation/arch/riscv/hwprobe.rst
 */
import { EINVAL, PAGE_SIZE, highWord, lowWord } from '@veridian-os/abi';
import type { MaybeBlocking } from '@veridian-os/kernel';
import type { Call } from '../call.js';
import { getSignedWide, setWide } from '../layout/words.js';

const KEY_BASE_BEHAVIOR = 3;
const KEY_IMA_EXTENSIONS = 4;
const KEY_MISALIGNED = 5;
const KEY_ZICBOZ_BLOCK = 6;
const KEY_HIGHEST_ADDRESS = 7;
const KEY_TIME_FREQUENCY = 8;
const KEY_MISALIGNED_SCALAR = 9;
const KEY_ZICBOM_BLOCK = 12;
const BASE_IMA = 1;
const MISALIGNED_FAST = 3;
const MISALIGNED_UNSUPPORTED = 4;
const PAIR_BYTES = 16;

/** Extension -> bit of RISCV_HWPROBE_KEY_IMA_EXT_0. `fd` and `c` are single letters. */
const BITS: Readonly<Record<string, number>> = {
  ...{ fd: 0, c: 1, zba: 3, zbb: 4, zbs: 5, zicboz: 6, zbc: 7, zfa: 32, zacas: 34, zicond: 35, zihintpause: 36 },
  ...{ zicntr: 50, zicbom: 55 },
};

/** An unsigned 64-bit value in two words, each unsigned. */
export type Words = readonly [lo: number, hi: number];

/** Bits of RISCV_HWPROBE_KEY_IMA_EXT_0 for an ISA string such as `rv64imafdc_zicsr_zba`. */
export function extensionBits(isa: string): Words {
  const [base, ...long] = isa.toLowerCase().split('_');
  const letters = base.slice('rv64'.length);
  const names = [...long, ...(/f.*d/.test(letters) ? ['fd'] : []), ...(letters.includes('c') ? ['c'] : [])];
  let [lo, hi] = [0, 0];
  for (const name of names) {
    const bit = Object.hasOwn(BITS, name) ? BITS[name] : undefined;
    if (bit === undefined) continue;
    if (bit < 32) lo |= 1 << bit;
    else hi |= 1 << (bit - 32);
  }
  return [lo >>> 0, hi >>> 0];
}

/** riscv_hwprobe(pairs, count, cpuBytes, cpus, flags): all processors are alike. */
export function riscvHwprobe(call: Call): MaybeBlocking {
  const count = call.address(1);
  if (call.uint(4) !== 0 || count > 4096) return EINVAL;
  const pairs = new Uint8Array(count * PAIR_BYTES);
  const fetched = count === 0 ? 0 : call.fetchInto(call.address(0), pairs);
  if (fetched < 0) return fetched;
  const view = new DataView(pairs.buffer);
  for (let at = 0; at < pairs.length; at += PAIR_BYTES) answerProbe(call, view, at);
  return call.putBytes(call.address(0), pairs);
}

function answerProbe(call: Call, view: DataView, at: number): void {
  const value = probe(call, getSignedWide(view, at));
  if (value === undefined) setWide(view, at, -1);
  const [lo, hi] = typeof value === 'object' ? value : [lowWord(value ?? 0), highWord(value ?? 0)];
  view.setUint32(at + 8, lo, true);
  view.setUint32(at + 12, hi, true);
}

/** @returns undefined for a key that is not known */
function probe(call: Call, key: number): number | Words | undefined {
  const { machine, hardware } = call.kernel;
  const [cpu] = hardware.cpus;
  switch (key) {
    case 0: // vendor, architecture and implementation ids: none is claimed
    case 1:
    case 2:
      return 0;
    case KEY_BASE_BEHAVIOR:
      return BASE_IMA;
    case KEY_IMA_EXTENSIONS:
      return extensionBits(cpu.isa);
    case KEY_MISALIGNED:
    case KEY_MISALIGNED_SCALAR:
      return machine.features.misaligned ? MISALIGNED_FAST : MISALIGNED_UNSUPPORTED;
    case KEY_ZICBOZ_BLOCK:
      return cpu.cbozBlockBytes;
    case KEY_ZICBOM_BLOCK:
      return cpu.cbomBlockBytes;
    case KEY_HIGHEST_ADDRESS:
      return call.linux.isa.stackTop + PAGE_SIZE - 1;
    case KEY_TIME_FREQUENCY:
      return hardware.timebaseFrequency;
    default:
      return undefined;
  }
}

/**
 * What a run covered: instructions that retired, by privilege, and traps, by cause and by the privilege they came from and
 * went to. Our hart runs one instruction at a time for it; that the other side did the same is what the comparison says.
 */
import type { Instruction, Mnemonic } from '../../../src/testing.js';
import { INSTRUCTIONS } from '../../../src/testing.js';
import type { Image, Privilege } from './image.js';
import { RAM, RAM_BYTES, R_CSRS, R_WORDS, SEEN_CSRS, USER_OFFSET } from './layout.js';
import { loadOurs } from './run.js';
import { fixedBits } from './fixed-bits.js';

const MSTATUS_AT = R_CSRS + SEEN_CSRS.indexOf('mstatus');
const CAUSE_AT = R_CSRS + SEEN_CSRS.indexOf('mcause');
const S_CAUSE_AT = R_CSRS + SEEN_CSRS.indexOf('scause');
const INTERRUPT = 1n << 63n;
const TRAPS_ONLY: readonly Mnemonic[] = ['ecall', 'ebreak'];

/** `U -> M` and so on. */
export type Way = `${'U' | 'S' | 'M'} -> ${'S' | 'M'}`;

export class Coverage {
  /** Times that an instruction retired, by privilege; those that always trap count when they do. */
  readonly instructions = new Map<Mnemonic, number[]>();
  /** Compressed forms by their major opcode, quadrant.funct3. */
  readonly compressed = new Map<string, number>();
  readonly traps = new Map<string, Map<Way, number>>();

  constructor() {
    for (const name of INSTRUCTIONS.keys()) this.instructions.set(name, [0, 0, 0, 0]);
  }

  /** Runs the image on our hart, up to `limit` instructions, one by one. */
  trace(image: Image, limit = Infinity): void {
    const machine = loadOurs(image);
    const { system } = machine;
    const { registers } = system;
    const memory = new DataView(machine.memory[0].u8.buffer, machine.memory[0].u8.byteOffset, RAM_BYTES);
    const snippets = image.snippets[0] ?? RAM;
    for (let done = 0; done < limit; done++) {
      const privilege = system.privilege as Privilege;
      const pc = registers[65] * 4294967296 + registers[64];
      const pa = privilege === 0 && pc >= RAM + USER_OFFSET ? pc - USER_OFFSET : pc;
      const isItems = pa >= snippets && pa < RAM + RAM_BYTES - 4;
      const word = isItems ? memory.getUint16(pa - RAM, true) | (memory.getUint16(pa - RAM + 2, true) << 16) : 0;
      if (system.run(1).kind === 'stopped') return;
      if (!isItems) continue;
      const next = registers[65] * 4294967296 + registers[64];
      const retired = next >= pc - 4096 && next <= pc + 4096 && system.privilege === privilege;
      this.count(word, privilege, retired);
    }
  }

  private count(word: number, privilege: Privilege, retired: boolean): void {
    if ((word & 3) !== 3) {
      const form = `${word & 3}.${(word >> 13) & 7}`;
      if (retired) this.compressed.set(form, (this.compressed.get(form) ?? 0) + 1);
      return;
    }
    const name = nameOf(word);
    if (name === undefined || !(retired || leaves(name))) return;
    this.instructions.get(name)![privilege]++;
  }

  /** Counts the traps of a run's records. */
  addRecords(records: BigUint64Array): void {
    for (let at = 0; at < records.length; at += R_WORDS) {
      const from = Number((records[at + MSTATUS_AT] >> 11n) & 3n);
      const delegated = records[at + S_CAUSE_AT];
      if (delegated !== 0n) {
        const spp = (records[at + MSTATUS_AT] & 0x100n) !== 0n;
        this.trap(delegated, `${spp ? 'S' : 'U'} -> S`);
      }
      this.trap(records[at + CAUSE_AT], `${(['U', 'S', 'S', 'M'] as const)[from]} -> M`);
    }
  }

  private trap(cause: bigint, way: Way): void {
    const key = cause >= INTERRUPT ? `interrupt ${cause - INTERRUPT}` : `exception ${cause}`;
    const ways = this.traps.get(key) ?? new Map<Way, number>();
    this.traps.set(key, ways.set(way, (ways.get(way) ?? 0) + 1));
  }
}

/** They go elsewhere, whether or not they trap. */
function leaves(name: Mnemonic): boolean {
  return TRAPS_ONLY.includes(name) || name === 'mret' || name === 'sret' || name === 'jalr' || name === 'jal';
}

const BY_OPCODE = new Map<number, Instruction[]>();
for (const instruction of INSTRUCTIONS.values()) {
  const opcode = instruction.bits & 0x7f;
  BY_OPCODE.set(opcode, [...(BY_OPCODE.get(opcode) ?? []), instruction]);
}

/** The most particular instruction that a word is, or undefined. */
function nameOf(word: number): Mnemonic | undefined {
  let best: Instruction | undefined;
  let bits = -1;
  for (const instruction of BY_OPCODE.get(word & 0x7f) ?? []) {
    const mask = fixedBits(instruction);
    if ((word & mask) !== (instruction.bits & mask)) continue;
    const count = [...(mask >>> 0).toString(2)].filter((digit) => digit === '1').length;
    if (count > bits) [best, bits] = [instruction, count];
  }
  return best?.name;
}

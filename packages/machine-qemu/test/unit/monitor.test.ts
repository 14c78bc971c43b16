/** The monitors' bytes, disassembled: every one is an instruction, every jump meets one, and what must be there is. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ISAS } from '../../src/isa/index.js';
import { MONITOR } from '../../src/layout.js';
import { readOptions } from '../../src/options.js';
import { ALL, needs, objdumpFor } from '../helpers/qemu.js';

interface Line {
  readonly address: bigint;
  readonly mnemonic: string;
  readonly operands: string;
}

const TOOLS = {
  riscv64: {
    options: ['-m', 'riscv:rv64', '-M', 'numeric'],
    jump: /^(j|jal|b\w+)$/,
    bad: /unknown|unimp|\.(half|word|2byte|4byte)/,
  },
  aarch64: { options: ['-m', 'aarch64'], jump: /^(b|bl|b\.\w+|cbn?z|tbn?z)$/, bad: /undefined|udf|\.(inst|word)/ },
  x86_64: { options: ['-m', 'i386:x86-64', '-M', 'intel'], jump: /^(jmp|call|j\w+)$/, bad: /\(bad\)|\.byte/ },
} as const;

/** Mnemonics that a monitor cannot be without, and how often they occur. */
const MUST = {
  riscv64: { mret: 2, wfi: 1, 'sfence.vma': 1, 'fence.i': 1, fsd: 32, fld: 32 },
  aarch64: { eret: 2, wfi: 1, tlbi: 3, stp: 16 + 2 * 17, ldp: 16 + 17 + 1 },
  x86_64: { iretq: 3, hlt: 1, sti: 1, swapgs: 2, xsave64: 1, xrstor64: 1, ltr: 1, wrmsr: 4, xsetbv: 1 },
} as const;

function disassemble(isa: (typeof ALL)[number], bytes: Uint8Array, base: bigint): Line[] {
  const folder = mkdtempSync(join(tmpdir(), 'veridian-monitor-'));
  try {
    const file = join(folder, 'monitor.bin');
    writeFileSync(file, bytes);
    const args = ['-D', '-b', 'binary', ...TOOLS[isa].options, `--adjust-vma=0x${base.toString(16)}`, file];
    const listing = execFileSync(objdumpFor(isa), args, { encoding: 'utf8' });
    return [...listing.matchAll(/^\s*([0-9a-f]+):\t[0-9a-f ]+\t(\S+)[ \t]*(.*)$/gm)].map(
      ([, address = '', mnemonic = '', operands = '']) => ({ address: BigInt(`0x${address}`), mnemonic, operands }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const isa of ALL) {
  const support = ISAS[isa];
  const isHere = needs(objdumpFor(isa));
  (isHere ? describe : describe.skip)(`monitor of ${isa}`, () => {
    const settings = { ...readOptions({ isa }), accelerator: 'tcg' as const };
    const piece = support?.image(settings).find(({ offset }) => offset === MONITOR);
    const bytes = piece?.bytes ?? new Uint8Array();
    const base = BigInt(support?.ramBase ?? 0) + BigInt(MONITOR) + (BigInt(support?.monitorHi ?? 0) << 32n);
    const lines = isHere ? disassemble(isa, bytes, base) : []; // a suite that is skipped is read all the same

    it('consists of instructions', () => {
      expect(lines.length).toBeGreaterThan(100);
      const bad = lines.filter(({ mnemonic, operands }) => TOOLS[isa].bad.test(`${mnemonic} ${operands}`));
      expect(bad).toEqual([]);
    });

    it('jumps to instructions of its own', () => {
      const places = new Set(lines.map(({ address }) => address));
      const jumps = lines.filter(({ mnemonic }) => TOOLS[isa].jump.test(mnemonic));
      const targets = jumps.flatMap(({ operands }) => /0x([0-9a-f]+)(?:$|\s|<)/.exec(operands)?.slice(1) ?? []);
      expect(targets.length).toBeGreaterThan(20);
      expect(targets.filter((target) => !places.has(BigInt(`0x${target}`)))).toEqual([]);
    });

    it.each(Object.entries(MUST[isa]))('has %s %d times', (mnemonic, count) => {
      expect(lines.filter((line) => line.mnemonic === mnemonic)).toHaveLength(count);
    });
  });
}

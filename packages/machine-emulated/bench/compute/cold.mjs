/**
 * A program that is nearly all code: 3,500 functions of about 100 instructions, different from each other, that a driver
 * calls in ten phases of shuffled order, `rounds` times in each. So 350,000 instructions run 10 * rounds times: what a
 * translator spends on each of them counts. The same text every time.
 */
const FUNCTIONS = 3500;
const LENGTH = 100;
const PHASES = 10;
/** Doublewords of memory that the functions work on. */
const CELLS = 64;
const TEMPORARIES = ['t0', 't1', 't2', 't3', 't4', 't5', 't6', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7'];
const REGISTER_OPERATIONS = ['add', 'sub', 'xor', 'or', 'and', 'addw', 'mul', 'sltu'];
const IMMEDIATE_OPERATIONS = ['addi', 'xori', 'andi', 'ori'];
const SHIFTS = ['slli', 'srli', 'srai'];
const BRANCHES = ['beq', 'bne', 'bltu', 'bge'];

/** xorshift32: numbers below `n`. */
function numbers(state) {
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
}

function instruction(below, label) {
  const any = () => TEMPORARIES[below(TEMPORARIES.length)];
  const one = (list) => list[below(list.length)];
  const cell = () => `${8 * below(CELLS)}(a0)`;
  const kind = below(100);
  if (kind < 40) return `${one(REGISTER_OPERATIONS)} ${any()}, ${any()}, ${any()}`;
  if (kind < 58) return `${one(IMMEDIATE_OPERATIONS)} ${any()}, ${any()}, ${below(2048)}`;
  if (kind < 66) return `${one(SHIFTS)} ${any()}, ${any()}, ${1 + below(31)}`;
  if (kind < 82) return `ld ${any()}, ${cell()}`;
  if (kind < 92) return `sd ${any()}, ${cell()}`;
  return `${one(BRANCHES)} ${any()}, ${any()}, ${label}`;
}

/** Branches go forward to the next multiple of eight instructions. */
function functionText(index, below) {
  const lines = [`f${index}:`];
  for (let i = 0; i < LENGTH - 1; i++) {
    const group = i >> 3;
    if ((i & 7) === 0) lines.push(`.L${index}_${group}:`);
    lines.push(`  ${instruction(below, `.L${index}_${group + 1}`)}`);
  }
  lines.push(`.L${index}_${((LENGTH - 2) >> 3) + 1}:`, '  ret');
  return lines.join('\n');
}

function shuffled(below) {
  const order = Array.from({ length: FUNCTIONS }, (_, i) => i);
  for (let i = FUNCTIONS - 1; i > 0; i--) {
    const j = below(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

const DRIVER = (rounds) => `
  .globl bench
bench:
  addi sp, sp, -48
  sd ra, 0(sp)
  sd s0, 8(sp)
  sd s1, 16(sp)
  sd s2, 24(sp)
  sd s3, 32(sp)
  sd s4, 40(sp)
  la s0, order
  li s1, ${PHASES}
1:
  li s2, ${rounds}
2:
  mv s3, s0
  li s4, ${FUNCTIONS}
3:
  ld t0, 0(s3)
  la a0, cells
  jalr t0
  addi s3, s3, 8
  addi s4, s4, -1
  bnez s4, 3b
  addi s2, s2, -1
  bnez s2, 2b
  mv s0, s3
  addi s1, s1, -1
  bnez s1, 1b
  li a0, 0
  ld ra, 0(sp)
  ld s0, 8(sp)
  ld s1, 16(sp)
  ld s2, 24(sp)
  ld s3, 32(sp)
  ld s4, 40(sp)
  addi sp, sp, 48
  ret
`;

/** @param rounds times that every function is called in each of the ten phases */
export function coldProgram(rounds) {
  const below = numbers(0x2545f491);
  const functions = Array.from({ length: FUNCTIONS }, (_, i) => functionText(i, below));
  const orders = Array.from({ length: PHASES }, () => shuffled(below).map((i) => `  .dword f${i}`));
  const data = ['  .data', '  .balign 8', 'order:', ...orders.flat(), '  .bss', '  .balign 8', 'cells:'];
  return ['  .option norvc', '  .text', ...functions, DRIVER(rounds), ...data, `  .space ${8 * CELLS}`, ''].join('\n');
}

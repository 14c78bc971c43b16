/** Every A64 load and store with random operands. */
import * as fc from 'fast-check';
import * as arm from '../aarch64/index.js';
import { base, index, of, show, table, w, wide, x, type Register } from './aarch64-operands.js';
import { fixed, index32, offset, plain, samples, unsignedOf, type Samples } from './samples.js';

type Access = (rt: arm.Register, address: arm.Address) => number;

const showAddress = ({ kind, base, offset }: arm.Address): string => {
  if (kind === 'post') return `[${show(base)}], #${offset}`;
  const inside = offset === 0 && kind === 'offset' ? '' : `, #${offset}`;
  return `[${show(base)}${inside}]${kind === 'pre' ? '!' : ''}`;
};

/** Offset, pre- and post-indexed addresses for accesses of `bytes` bytes. */
const addresses = (bytes: number): fc.Arbitrary<arm.Address> =>
  fc.oneof(
    fc.tuple(base, unsignedOf(12)).map(([register, n]) => arm.mem(register, n * bytes)),
    fc.tuple(base, offset(9)).map(([register, n]) => arm.pre(register, n)),
    fc.tuple(base, offset(9)).map(([register, n]) => arm.post(register, n)),
  );

const anyRegister = fc
  .tuple(fc.constantFrom(arm.x, arm.w, arm.b, arm.h, arm.s, arm.d, arm.q), index)
  .map(([make, n]) => make(n));

const single = table({ ldr: arm.ldr, str: arm.str }, (name, encode) => ({
  name,
  sample: anyRegister.chain((rt) =>
    addresses(rt.bits / 8).map((address) => fixed(encode(rt, address), `${name} ${show(rt)}, ${showAddress(address)}`)),
  ),
}));

const narrow = (functions: Record<string, Access>, bytes: number, rt: fc.Arbitrary<Register>): Samples[] =>
  table(functions, (name, encode) =>
    samples(name, [rt, addresses(bytes)], (register, address) =>
      fixed(encode(register, address), `${name} ${show(register)}, ${showAddress(address)}`),
    ),
  );

const unscaled = table({ ldur: arm.ldur, stur: arm.stur }, (name, encode) =>
  samples(name, [anyRegister, base, offset(9)], (rt, register, distance) => {
    const address = arm.mem(register, distance);
    return fixed(encode(rt, address), `${name} ${show(rt)}, ${showAddress(address)}`);
  }),
);

const pairs = table({ ldp: arm.ldp, stp: arm.stp }, (name, encode) => ({
  name,
  sample: fc
    .tuple(fc.constantFrom(arm.x, arm.w, arm.s, arm.d, arm.q), index32, index32, base, offset(7))
    .chain(([make, a, b, register, n]) => {
      // a load of one register twice is unpredictable
      const [first, second] = [make(a), make(a === b ? (b + 1) % 32 : b)];
      const distance = (n * first.bits) / 8;
      return fc.constantFrom(arm.mem, arm.pre, arm.post).map((address) => {
        const place = address(register, distance);
        return fixed(encode(first, second, place), `${name} ${show(first)}, ${show(second)}, ${showAddress(place)}`);
      });
    }),
}));

const inBase = (register: Register): string => `[${show(register)}]`;
/** Status and data registers that differ from each other and from a base, as the instruction asks. */
const three = fc.shuffledSubarray(
  Array.from({ length: 30 }, (_, n) => n),
  { minLength: 3, maxLength: 3 },
);

const exclusives: Samples[] = [
  ...table({ ldxr: arm.ldxr, ldaxr: arm.ldaxr, ldar: arm.ldar, stlr: arm.stlr }, (name, encode) =>
    samples(name, [wide, index, base], (is64, n, register) => {
      const [rt] = of(is64, n);
      return fixed(encode(rt, register), `${name} ${show(rt)}, ${inBase(register)}`);
    }),
  ),
  ...table({ stxr: arm.stxr, stlxr: arm.stlxr }, (name, encode) =>
    samples(name, [wide, three], (is64, [a = 0, b = 0, c = 0]) => {
      const [rt] = of(is64, b);
      return fixed(encode(arm.w(a), rt, arm.x(c)), `${name} w${a}, ${show(rt)}, [x${c}]`);
    }),
  ),
  plain('clrex', arm.clrex()),
];

const ordering = fc.constantFrom<arm.Ordering>('', 'a', 'l', 'al');

const atomics = table(
  { ldadd: arm.ldadd, ldclr: arm.ldclr, ldeor: arm.ldeor, ldset: arm.ldset, swp: arm.swp, cas: arm.cas },
  (name, encode) =>
    samples(name, [wide, three, ordering], (is64, [a = 0, b = 0, c = 0], order) => {
      const [rs, rt] = of(is64, a, b);
      return fixed(encode(rs, rt, arm.x(c), order), `${name}${order} ${show(rs)}, ${show(rt)}, [x${c}]`);
    }),
);

export const memorySamples: readonly Samples[] = [
  ...[
    ...single,
    ...narrow({ ldrb: arm.ldrb, strb: arm.strb }, 1, w),
    ...narrow({ ldrh: arm.ldrh, strh: arm.strh }, 2, w),
  ],
  ...[
    ...narrow({ ldrsb: arm.ldrsb }, 1, x),
    ...narrow({ ldrsh: arm.ldrsh }, 2, w),
    ...narrow({ ldrsw: arm.ldrsw }, 4, x),
  ],
  ...[...unscaled, ...pairs, ...exclusives, ...atomics],
];

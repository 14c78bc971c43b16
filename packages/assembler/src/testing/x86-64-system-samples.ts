/** x86-64 instructions for kernels and for vector state, with random operands. */
import * as fc from 'fast-check';
import * as x86 from '../x86_64/index.js';
import type { VectorRegister } from '../x86_64/index.js';
import { index, memory, register, show, table } from './x86-64-operands.js';
import { fixed, hex, samples, unsignedOf, type Samples } from './samples.js';

const control = fc.constantFrom<x86.ControlRegister>(0, 2, 3, 4, 8);
const accumulator = fc.constantFrom(x86.AL, x86.AX, x86.EAX);

const system: Samples[] = [
  ...table({ sgdt: x86.sgdt, sidt: x86.sidt, lgdt: x86.lgdt, lidt: x86.lidt }, (name, encode) =>
    samples(name, [memory(0)], (at) => fixed(encode(at), `${name} ${show(at)}`)),
  ),
  samples('invlpg', [memory(0)], (at) =>
    fixed(x86.invlpg(at), `invlpg BYTE PTR ${show(at)}`.replace('PTR ds', 'PTR ds')),
  ),
  samples('invpcid', [register(64), memory(0)], (type, at) =>
    fixed(x86.invpcid(type, at), `invpcid ${show(type)},${show(at)}`),
  ),
  samples('lldt', [register(32)], (from) => fixed(x86.lldt(from), `lldt ${show(x86.r16(from.index))}`)),
  samples('ltr', [register(32)], (from) => fixed(x86.ltr(from), `ltr ${show(x86.r16(from.index))}`)),
  samples(
    'movToSegment',
    [fc.constantFrom('ds' as const, 'es' as const, 'fs' as const, 'gs' as const, 'ss' as const), register(32)],
    (segment, from) => fixed(x86.movToSegment(segment, from), `mov ${segment},${show(from)}`),
  ),
  samples(
    'movFromSegment',
    [register(32), fc.constantFrom('cs' as const, 'ds' as const, 'ss' as const)],
    (to, segment) => fixed(x86.movFromSegment(to, segment), `mov ${show(to)},${segment}`),
  ),
  samples('movToControl', [control, register(64)], (to, from) =>
    fixed(x86.movToControl(to, from), `mov cr${to},${show(from)}`),
  ),
  samples('movFromControl', [register(64), control], (to, from) =>
    fixed(x86.movFromControl(to, from), `mov ${show(to)},cr${from}`),
  ),
  samples('movToDebug', [unsignedOf(3), register(64)], (to, from) =>
    fixed(x86.movToDebug(to, from), `mov dr${to},${show(from)}`),
  ),
  samples('movFromDebug', [register(64), unsignedOf(3)], (to, from) =>
    fixed(x86.movFromDebug(to, from), `mov ${show(to)},dr${from}`),
  ),
  samples('inPort', [accumulator, unsignedOf(8)], (to, port) =>
    fixed(x86.inPort(to, port), `in ${show(to)},${hex(port)}`),
  ),
  samples('inPort dx', [accumulator], (to) => fixed(x86.inPort(to), `in ${show(to)},dx`)),
  samples('outPort', [accumulator, unsignedOf(8)], (from, port) =>
    fixed(x86.outPort(from, port), `out ${hex(port)},${show(from)}`),
  ),
  samples('outPort dx', [accumulator], (from) => fixed(x86.outPort(from), `out dx,${show(from)}`)),
  ...table(
    { rdfsbase: x86.rdfsbase, rdgsbase: x86.rdgsbase, wrfsbase: x86.wrfsbase, wrgsbase: x86.wrgsbase },
    (name, encode) => samples(name, [register(64)], (operand) => fixed(encode(operand), `${name} ${show(operand)}`)),
  ),
  samples('jmpFar', [memory(0)], (target) => fixed(x86.jmpFar(target), `rex.W jmp FWORD PTR ${show(target)}`)),
];

const xmm = index.map(x86.xmm);
const vector = fc.tuple(fc.constantFrom(x86.xmm, x86.ymm, x86.zmm), index).map(([make, n]) => make(n));

const states: Samples[] = [
  ...table(
    {
      fxsave64: x86.fxsave64,
      fxrstor64: x86.fxrstor64,
      xsave64: x86.xsave64,
      xrstor64: x86.xrstor64,
      xsaveopt64: x86.xsaveopt64,
    },
    (name, encode) => samples(name, [memory(0)], (area) => fixed(encode(area), `${name} ${show(area)}`)),
  ),
  ...table({ ldmxcsr: x86.ldmxcsr, stmxcsr: x86.stmxcsr }, (name, encode) =>
    samples(name, [memory(32)], (at) => fixed(encode(at), `${name} ${show(at)}`)),
  ),
  samples('fldcw', [memory(16)], (at) => fixed(x86.fldcw(at), `fldcw ${show(at)}`)),
];

const floats: Samples[] = [
  ...table({ addsd: x86.addsd, subsd: x86.subsd, mulsd: x86.mulsd, divsd: x86.divsd }, (name, encode) =>
    samples(name, [xmm, fc.oneof(xmm, memory(64))], (to, from) =>
      fixed(encode(to, from), `${name} ${show(to)},${show(from)}`),
    ),
  ),
  ...table({ pxor: x86.pxor, paddq: x86.paddq }, (name, encode) =>
    samples(name, [xmm, xmm], (to, from) => fixed(encode(to, from), `${name} ${show(to)},${show(from)}`)),
  ),
  samples('movsd load', [xmm, fc.oneof(memory(64), xmm)], (to, from) =>
    fixed(x86.movsd(to, from), `movsd ${show(to)},${show(from)}`),
  ),
  samples('movsd store', [memory(64), xmm], (to, from) =>
    fixed(x86.movsd(to, from), `movsd ${show(to)},${show(from)}`),
  ),
  samples('movdqu load', [xmm, memory(0)], (to, from) =>
    fixed(x86.movdqu(to, from), `movdqu ${show(to)},XMMWORD PTR ${show(from)}`),
  ),
  samples('movdqu store', [memory(0), xmm], (to, from) =>
    fixed(x86.movdqu(to, from), `movdqu XMMWORD PTR ${show(to)},${show(from)}`),
  ),
  samples('movqToVector', [xmm, register(64)], (to, from) =>
    fixed(x86.movqToVector(to, from), `movq ${show(to)},${show(from)}`),
  ),
  samples('movqFromVector', [register(64), xmm], (to, from) =>
    fixed(x86.movqFromVector(to, from), `movq ${show(to)},${show(from)}`),
  ),
  samples('vmovdqu load', [vector, memory(0)], (to, from) =>
    fixed(x86.vmovdqu(to, from), `${moveName(to)} ${show(to)},${pointer(to)} ${show(from)}`),
  ),
  samples('vmovdqu store', [memory(0), vector], (to, from) =>
    fixed(x86.vmovdqu(to, from), `${moveName(from)} ${pointer(from)} ${show(to)},${show(from)}`),
  ),
];

function moveName({ bits }: VectorRegister): string {
  return bits === 512 ? 'vmovdqu64' : 'vmovdqu';
}
function pointer({ bits }: VectorRegister): string {
  return `${{ 128: 'X', 256: 'Y', 512: 'Z' }[bits]}MMWORD PTR`;
}

export const systemSamples: readonly Samples[] = [...system, ...states, ...floats];

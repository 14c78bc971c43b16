/**
 * Exceptions, hints, barriers, system registers by name, cache and TLB maintenance.
 *
 * Source: Arm Architecture Reference Manual for A-profile (DDI 0487), chapters C5 and D17 (register encodings).
 */
import { unsigned } from '../internal/checks.js';
import { SYSTEM_REGISTERS, type SystemRegister } from './system-registers.js';
import { zr, x, type Register } from './operands.js';

const exception =
  (opc: number, ll: number) =>
  (immediate: number): number =>
    (0xd4 * 2 ** 24 + ((opc << 21) | (unsigned('immediate', immediate, 16) << 5) | ll)) >>> 0;
export const svc = exception(0, 1);
export const hvc = exception(0, 2);
export const smc = exception(0, 3);
export const brk = exception(1, 0);
export const hlt = exception(2, 0);
/** Undefined for good. */
export const udf = (immediate = 0): number => unsigned('immediate', immediate, 16);
export const eret = (): number => 0xd69f03e0;

const hint = (number: number) => (): number => (0xd503201f | (number << 5)) >>> 0;
export const nop = hint(0);
export const yieldHint = hint(1);
export const wfe = hint(2);
export const wfi = hint(3);
export const sev = hint(4);
export const sevl = hint(5);

const BARRIERS = { sy: 15, st: 14, ld: 13, ish: 11, ishst: 10, ishld: 9, nsh: 7, nshst: 6, osh: 3, oshst: 2 };
export type Barrier = keyof typeof BARRIERS;
export const dsb = (domain: Barrier): number => (0xd503309f | (BARRIERS[domain] << 8)) >>> 0;
export const dmb = (domain: Barrier): number => (0xd50330bf | (BARRIERS[domain] << 8)) >>> 0;
export const isb = (): number => 0xd5033fdf;

const system = (load: number, name: SystemRegister, rt: Register): number => {
  const [op0, op1, crn, crm, op2] = SYSTEM_REGISTERS[name];
  const fields = (load << 21) | (op0 << 19) | (op1 << 16) | (crn << 12) | (crm << 8) | (op2 << 5);
  return (0xd5 * 2 ** 24 + (fields | zr('rt', rt))) >>> 0;
};
export const mrs = (rt: Register, name: SystemRegister): number => system(1, name, rt);
export const msr = (name: SystemRegister, rt: Register): number => system(0, name, rt);

const PSTATE = { spsel: [0, 5], daifset: [3, 6], daifclr: [3, 7], pan: [0, 4], uao: [0, 3] } as const;
/** A field of PSTATE: `msrImmediate('daifset', 15)` masks everything. */
export const msrImmediate = (field: keyof typeof PSTATE, immediate: number): number => {
  const [op1, op2] = PSTATE[field];
  return (0xd500401f | (op1 << 16) | (unsigned('immediate', immediate, 4) << 8) | (op2 << 5)) >>> 0;
};

/** op1, CRn, CRm, op2 of SYS. */
type Operation = readonly [op1: number, crn: number, crm: number, op2: number];
const sys = ([op1, crn, crm, op2]: Operation, rt: Register): number =>
  (0xd5 * 2 ** 24 + ((1 << 19) | (op1 << 16) | (crn << 12) | (crm << 8) | (op2 << 5) | zr('rt', rt))) >>> 0;

const TLB = {
  vmalle1: [0, 8, 7, 0],
  vmalle1is: [0, 8, 3, 0],
  vae1: [0, 8, 7, 1],
  vae1is: [0, 8, 3, 1],
  aside1: [0, 8, 7, 2],
  aside1is: [0, 8, 3, 2],
  vaae1: [0, 8, 7, 3],
  vaae1is: [0, 8, 3, 3],
  vale1is: [0, 8, 3, 5],
} as const;
/** Forgets translations; `rt` names address and ASID where the operation takes them. */
export const tlbi = (operation: keyof typeof TLB, rt: Register = x(31)): number => sys(TLB[operation], rt);

const IC = { iallu: [0, 7, 5, 0], ialluis: [0, 7, 1, 0], ivau: [3, 7, 5, 1] } as const;
export const ic = (operation: keyof typeof IC, rt: Register = x(31)): number => sys(IC[operation], rt);

const DC = {
  ivac: [0, 7, 6, 1],
  cvac: [3, 7, 10, 1],
  cvau: [3, 7, 11, 1],
  civac: [3, 7, 14, 1],
  zva: [3, 7, 4, 1],
} as const;
export const dc = (operation: keyof typeof DC, rt: Register): number => sys(DC[operation], rt);

const AT = { s1e1r: [0, 7, 8, 0], s1e1w: [0, 7, 8, 1], s1e0r: [0, 7, 8, 2], s1e0w: [0, 7, 8, 3] } as const;
/** Translates an address into par_el1. */
export const at = (operation: keyof typeof AT, rt: Register): number => sys(AT[operation], rt);

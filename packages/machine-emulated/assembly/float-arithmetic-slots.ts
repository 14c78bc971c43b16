/**
 * Floating-point arithmetic of the interpreter's loop: operands from the slot at `ip`, the host's own arithmetic
 * (native-float.ts), the result to its register. Each returns false when the exact path must do the instruction instead;
 * nothing has changed then.
 */
import { FCSR } from './layout';
import { f1, f2, f3, putD, putS } from './slot';
import {
  nativeAddD, nativeAddS, nativeDivD, nativeDivS, nativeFmaD, nativeFmaS, nativeMulD, nativeMulS, nativeSqrtD,
  nativeSqrtS, nativeSubD, nativeSubS,
} from './native-float';

const SIGN_D: u64 = 0x8000000000000000;
const SIGN_S: u64 = 0x80000000;

// @ts-ignore: decorator
@inline
export function faddS(regs: usize, ip: usize): bool {
  return putS(regs, ip, nativeAddS(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip)));
}

// @ts-ignore: decorator
@inline
export function faddD(regs: usize, ip: usize): bool {
  return putD(regs, ip, nativeAddD(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip)));
}

// @ts-ignore: decorator
@inline
export function fsubS(regs: usize, ip: usize): bool {
  return putS(regs, ip, nativeSubS(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip)));
}

// @ts-ignore: decorator
@inline
export function fsubD(regs: usize, ip: usize): bool {
  return putD(regs, ip, nativeSubD(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip)));
}

// @ts-ignore: decorator
@inline
export function fmulS(regs: usize, ip: usize): bool {
  return putS(regs, ip, nativeMulS(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip)));
}

// @ts-ignore: decorator
@inline
export function fmulD(regs: usize, ip: usize): bool {
  return putD(regs, ip, nativeMulD(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip)));
}

// @ts-ignore: decorator
@inline
export function fdivS(regs: usize, ip: usize): bool {
  return putS(regs, ip, nativeDivS(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip)));
}

// @ts-ignore: decorator
@inline
export function fdivD(regs: usize, ip: usize): bool {
  return putD(regs, ip, nativeDivD(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip)));
}

// @ts-ignore: decorator
@inline
export function fsqrtS(regs: usize, ip: usize): bool {
  return putS(regs, ip, nativeSqrtS(load<u32>(regs, FCSR), f1(regs, ip)));
}

// @ts-ignore: decorator
@inline
export function fsqrtD(regs: usize, ip: usize): bool {
  return putD(regs, ip, nativeSqrtD(load<u32>(regs, FCSR), f1(regs, ip)));
}

// @ts-ignore: decorator
@inline
export function fmaddS(regs: usize, ip: usize): bool {
  return putS(regs, ip, nativeFmaS(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip), f3(regs, ip)));
}

// @ts-ignore: decorator
@inline
export function fmaddD(regs: usize, ip: usize): bool {
  return putD(regs, ip, nativeFmaD(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip), f3(regs, ip)));
}

// @ts-ignore: decorator
@inline
export function fmsubS(regs: usize, ip: usize): bool {
  return putS(regs, ip, nativeFmaS(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip), f3(regs, ip) ^ SIGN_S));
}

// @ts-ignore: decorator
@inline
export function fmsubD(regs: usize, ip: usize): bool {
  return putD(regs, ip, nativeFmaD(load<u32>(regs, FCSR), f1(regs, ip), f2(regs, ip), f3(regs, ip) ^ SIGN_D));
}

// @ts-ignore: decorator
@inline
export function fnmsubS(regs: usize, ip: usize): bool {
  return putS(regs, ip, nativeFmaS(load<u32>(regs, FCSR), f1(regs, ip) ^ SIGN_S, f2(regs, ip), f3(regs, ip)));
}

// @ts-ignore: decorator
@inline
export function fnmsubD(regs: usize, ip: usize): bool {
  return putD(regs, ip, nativeFmaD(load<u32>(regs, FCSR), f1(regs, ip) ^ SIGN_D, f2(regs, ip), f3(regs, ip)));
}

// @ts-ignore: decorator
@inline
export function fnmaddS(regs: usize, ip: usize): bool {
  return putS(regs, ip, nativeFmaS(load<u32>(regs, FCSR), f1(regs, ip) ^ SIGN_S, f2(regs, ip), f3(regs, ip) ^ SIGN_S));
}

// @ts-ignore: decorator
@inline
export function fnmaddD(regs: usize, ip: usize): bool {
  return putD(regs, ip, nativeFmaD(load<u32>(regs, FCSR), f1(regs, ip) ^ SIGN_D, f2(regs, ip), f3(regs, ip) ^ SIGN_D));
}

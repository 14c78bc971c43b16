/** A64: functions named like the mnemonics; `branch` is b, because `b` makes byte registers. */
export * from './base.js';
export * from './float.js';
export * from './memory.js';
export {
  SP,
  XZR,
  WZR,
  LR,
  b,
  d,
  h,
  mem,
  post,
  pre,
  q,
  s,
  w,
  x,
  type Address,
  type Register,
  type VectorRegister,
} from './operands.js';
export {
  X0,
  X1,
  X2,
  X3,
  X4,
  X5,
  X6,
  X7,
  X8,
  X9,
  X10,
  X11,
  X12,
  X13,
  X14,
  X15,
  X16,
  X17,
  X18,
  X19,
} from './operands.js';
export { X20, X21, X22, X23, X24, X25, X26, X27, X28, X29, X30, W0, W1, W2, W3, W4, W5, W6, W7 } from './operands.js';
export { SYSTEM_REGISTERS, type SystemRegister } from './system-registers.js';
export * from './system.js';

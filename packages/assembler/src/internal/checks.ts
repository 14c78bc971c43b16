/** Operand checks: what does not fit its field is a RangeError, never a wrong instruction. */

/** @throws RangeError unless `value` is an integer of `bits` bits, two's complement */
export function signed(name: string, value: number, bits: number): number {
  const limit = 2 ** (bits - 1);
  if (Number.isInteger(value) && value >= -limit && value < limit) return value;
  throw new RangeError(`${name}: expected an integer from ${-limit} to ${limit - 1}, got ${value}`);
}

/** @throws RangeError unless `value` is an integer from 0 to 2^bits - 1 */
export function unsigned(name: string, value: number, bits: number): number {
  if (Number.isInteger(value) && value >= 0 && value < 2 ** bits) return value;
  throw new RangeError(`${name}: expected an integer from 0 to ${2 ** bits - 1}, got ${value}`);
}

/** An offset that its field stores divided by `scale`. @throws RangeError unless it is a multiple and fits `bits` bits */
export function scaled(name: string, value: number, bits: number, scale: number): number {
  if (value % scale !== 0) throw new RangeError(`${name}: expected a multiple of ${scale}, got ${value}`);
  return signed(name, value / scale, bits);
}

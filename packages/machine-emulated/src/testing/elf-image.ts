/** Writer of static RV64 executables: one loadable segment, no sections. Source: System V gABI, chapters 4 and 5. */

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const RISCV = 243;
/** EF_RISCV_RVC | EF_RISCV_FLOAT_ABI_DOUBLE */
const FLAGS = 5;
const PAGE = 4096;

/**
 * @param code loaded at `base` (a multiple of 4096), readable, writable and executable
 * @param extraBytes zeroes after the code
 */
export function elfImage(code: Uint8Array, base: number, entry: number, extraBytes = 0): Uint8Array {
  const file = new Uint8Array(PAGE + code.length);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, RISCV, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(entry), true);
  view.setBigUint64(32, BigInt(HEADER_BYTES), true);
  view.setUint32(48, FLAGS, true);
  view.setUint16(52, HEADER_BYTES, true);
  view.setUint16(54, PROGRAM_HEADER_BYTES, true);
  view.setUint16(56, 1, true);
  view.setUint16(58, 64, true);
  const p = HEADER_BYTES;
  view.setUint32(p, 1, true);
  view.setUint32(p + 4, 7, true);
  view.setBigUint64(p + 8, BigInt(PAGE), true);
  view.setBigUint64(p + 16, BigInt(base), true);
  view.setBigUint64(p + 24, BigInt(base), true);
  view.setBigUint64(p + 32, BigInt(code.length), true);
  view.setBigUint64(p + 40, BigInt(code.length + extraBytes), true);
  view.setBigUint64(p + 48, BigInt(PAGE), true);
  file.set(code, PAGE);
  return file;
}

/**
 * Misaligned loads and stores within a page that the tables hold: their tag, which also checks alignment, did not match. Those
 * that cross into another page, and floating point, take the exact path. (Linux times misaligned words at every boot.)
 */
import * as op from './ops';
import { host, setX, x2 } from './slot';

/** log2 of the bytes that a load or store of the slot's operation accesses. */
function sizeLog(code: u32): u32 {
  switch (code) {
    case op.LH:
    case op.LHU:
    case op.SH:
      return 1;
    case op.LD:
    case op.LD_C:
    case op.SD:
    case op.SD_C:
      return 3;
    default:
      return 2;
  }
}

/** Does the load or store of the slot `ip` at `a`, whose table entry is `e`. @returns false when it is not for here */
export function misaligned(regs: usize, ip: usize, e: usize, a: u64): bool {
  const code = <u32>load<u8>(ip);
  if (load<u64>(e) != (a & ~0xfff) || (<u32>a & 0xfff) + (<u32>1 << sizeLog(code)) > 4096) return false;
  const at = host(e, a);
  switch (code) {
    case op.LH:
      setX(regs, ip, <u64><i64>load<i16>(at));
      return true;
    case op.LHU:
      setX(regs, ip, <u64>load<u16>(at));
      return true;
    case op.LW:
    case op.LW_C:
      setX(regs, ip, <u64><i64>load<i32>(at));
      return true;
    case op.LWU:
      setX(regs, ip, <u64>load<u32>(at));
      return true;
    case op.LD:
    case op.LD_C:
      setX(regs, ip, load<u64>(at));
      return true;
    case op.SH:
      store<u16>(at, <u16>x2(regs, ip));
      return true;
    case op.SW:
    case op.SW_C:
      store<u32>(at, <u32>x2(regs, ip));
      return true;
    default:
      store<u64>(at, x2(regs, ip));
      return true;
  }
}

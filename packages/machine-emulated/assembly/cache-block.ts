/**
 * Zicbom and Zicboz (unprivileged specification, "CMO"): there is no cache, so cbo.inval, cbo.clean and cbo.flush only check
 * that they may; cbo.zero stores.
 */
import { HART_DATA_SET, HART_HOSTED, HART_MENVCFG, HART_PRIV, HART_SENVCFG, WRITE_TABLE } from './layout';
import { CAUSE_ILLEGAL, CBCFE, CBIE, CBZE, PRIV_M, PRIV_U } from './bits';
import { resolveRam } from './access';
import { x1 } from './slot';
import { entryOf } from './tlb';
import { READ, WRITE, fault, faultCause } from './walk';
import { DONE, TRAPPED } from './slow-step';

/** Bytes of a cache block, as the device tree says. */
const BLOCK: u64 = 64;

const INVAL: u32 = 0;
const FLUSH: u32 = 2;
const ZERO: u32 = 4;

/**
 * Whether a field of menvcfg and, in user mode, of senvcfg lets the present privilege do it. Hosted code may do what Linux
 * lets user mode do: everything but cbo.inval.
 */
function enabled(field: u64): bool {
  const priv = load<u32>(HART_PRIV);
  if (load<u32>(HART_HOSTED)) return field != CBIE;
  if (priv == PRIV_M) return true;
  if ((load<u64>(HART_MENVCFG) & field) == 0) return false;
  return priv != PRIV_U || (load<u64>(HART_SENVCFG) & field) != 0;
}

/** Address in this memory of the block that holds `va`, or 0 after a fault with value `va`. */
function resolveBlock(va: u64, access: i32): usize {
  const set = <usize>load<u32>(HART_DATA_SET);
  const entry = entryOf(access == WRITE ? set + WRITE_TABLE : set, va);
  if (load<u64>(entry) == (va & ~0xfff)) return <usize>(<u32>(va & ~(BLOCK - 1)) + load<u32>(entry, 8));
  const host = resolveRam(va & ~(BLOCK - 1), access, BLOCK);
  if (host == 0) fault(faultCause, va);
  return host;
}

/** cbo.zero of the slot `ip` in a page that the write table has. @returns false when it is not for here */
export function zeroBlock(regs: usize, ip: usize, writes: usize): bool {
  const va = x1(regs, ip);
  const entry = entryOf(writes, va);
  if (load<u64>(entry) != (va & ~0xfff) || !enabled(CBZE)) return false;
  const at = <usize>(<u32>(va & ~(BLOCK - 1)) + load<u32>(entry, 8));
  for (let i: usize = 0; i < <usize>BLOCK; i += 8) store<u64>(at + i, 0);
  return true;
}

/** The operation that funct12 selects, on the block that holds the address in rs1; faults report that address. */
export function cacheBlock(regs: usize, raw: u32, bits: u32): i32 {
  const operation = raw >> 20;
  const known = operation <= FLUSH || operation == ZERO;
  const field = operation == ZERO ? CBZE : operation == INVAL ? CBIE : CBCFE;
  if (!known || ((raw >> 7) & 31) != 0 || !enabled(field)) {
    fault(CAUSE_ILLEGAL, bits);
    return TRAPPED;
  }
  const va = load<u64>(regs + (((raw >> 15) & 31) << 3));
  if (operation == ZERO) {
    const host = resolveBlock(va, WRITE);
    if (host == 0) return TRAPPED;
    memory.fill(host, 0, <usize>BLOCK);
    return DONE;
  }
  // Permitted wherever a load or a store is; otherwise the fault is the store's.
  return resolveBlock(va, READ) != 0 || resolveBlock(va, WRITE) != 0 ? DONE : TRAPPED;
}

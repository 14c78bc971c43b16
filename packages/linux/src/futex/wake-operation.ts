/**
 * FUTEX_WAKE_OP's encoded operation: op:4 cmp:4 oparg:12 cmparg:12, from the top. Source: futex(2).
 */

/** New value of the word, or undefined for an unknown operation. */
export function applyWakeOperation(encoded: number, old: number): number | undefined {
  const operation = (encoded >>> 28) & 7;
  const raw = (encoded << 8) >> 20;
  const argument = encoded >>> 31 === 1 ? 1 << (raw & 31) : raw;
  switch (operation) {
    case 0:
      return argument;
    case 1:
      return (old + argument) | 0;
    case 2:
      return old | argument;
    case 3:
      return old & ~argument;
    case 4:
      return old ^ argument;
    default:
      return undefined;
  }
}

/** Whether the old value passes the comparison: ==, !=, <, <=, >, >=. */
export function compareWakeOperation(encoded: number, old: number): boolean {
  const argument = (encoded << 20) >> 20;
  switch ((encoded >>> 24) & 15) {
    case 0:
      return old === argument;
    case 1:
      return old !== argument;
    case 2:
      return old < argument;
    case 3:
      return old <= argument;
    case 4:
      return old > argument;
    case 5:
      return old >= argument;
    default:
      return false;
  }
}

/** Guest physical memory: RAM regions in this memory, everything else by calls to the host's bus. */
import { CFG_PAGE_INFO, CFG_REGIONS, REGIONS, REGION_BYTES } from './layout';

/** Host's bus: physical address in two halves; results zero-extended in `bus_load`, halves through two calls. */
// @ts-ignore: decorator
@external('env', 'busLoad')
declare function busLoad(lo: u32, hi: u32, size: i32): u32;
// @ts-ignore: decorator
@external('env', 'busLoadHigh')
declare function busLoadHigh(): u32;
// @ts-ignore: decorator
@external('env', 'busStore')
declare function busStore(lo: u32, hi: u32, size: i32, valueLo: u32, valueHi: u32): void;
// @ts-ignore: decorator
@external('env', 'busHas')
declare function busHas(lo: u32, hi: u32, size: i32): u32;

/** @returns address in this memory of the byte at physical `pa`, or 0 if no RAM holds all `size` bytes. */
export function hostOf(pa: u64, size: u64): usize {
  const count = load<u32>(CFG_REGIONS);
  for (let i: u32 = 0, r = REGIONS; i < count; i++, r += REGION_BYTES) {
    const offset = pa - load<u64>(r);
    const length = load<u64>(r, 8);
    if (offset < length && length - offset >= size) return <usize>load<u32>(r, 16) + <usize>offset;
  }
  return 0;
}

/** @returns address in this memory of the RAM page of this index, which there is. */
export function hostOfPage(page: u32): usize {
  let r = REGIONS;
  while (page - load<u32>(r, 20) >= <u32>(load<u64>(r, 8) >> 12)) r += REGION_BYTES;
  return <usize>load<u32>(r, 16) + (<usize>(page - load<u32>(r, 20)) << 12);
}

/** @returns address of the page-info word of the RAM page that holds `pa`, or 0. */
export function pageInfoOf(pa: u64): usize {
  const count = load<u32>(CFG_REGIONS);
  for (let i: u32 = 0, r = REGIONS; i < count; i++, r += REGION_BYTES) {
    const offset = pa - load<u64>(r);
    if (offset < load<u64>(r, 8)) {
      return <usize>load<u32>(CFG_PAGE_INFO) + ((<usize>load<u32>(r, 20) + <usize>(offset >> 12)) << 2);
    }
  }
  return 0;
}

/** Whether a device answers at `pa`. */
export function deviceAt(pa: u64, size: i32): bool {
  return busHas(<u32>pa, <u32>(pa >> 32), size) != 0;
}

export function deviceLoad(pa: u64, size: i32): u64 {
  const lo = <u64>busLoad(<u32>pa, <u32>(pa >> 32), size);
  return size == 8 ? lo | (<u64>busLoadHigh() << 32) : lo;
}

export function deviceStore(pa: u64, size: i32, value: u64): void {
  busStore(<u32>pa, <u32>(pa >> 32), size, <u32>value, <u32>(value >> 32));
}

export function rawLoad(host: usize, size: i32): u64 {
  switch (size) {
    case 1:
      return load<u8>(host);
    case 2:
      return load<u16>(host);
    case 4:
      return load<u32>(host);
    default:
      return load<u64>(host);
  }
}

export function rawStore(host: usize, size: i32, value: u64): void {
  switch (size) {
    case 1:
      store<u8>(host, <u8>value);
      break;
    case 2:
      store<u16>(host, <u16>value);
      break;
    case 4:
      store<u32>(host, <u32>value);
      break;
    default:
      store<u64>(host, value);
  }
}

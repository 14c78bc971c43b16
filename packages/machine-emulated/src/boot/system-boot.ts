/**
 * What QEMU's `virt` board does before the first instruction: firmware, kernel, initial RAM disk and device tree are laid
 * out in RAM, and the hart gets what the boot ROM would hand over.
 *
 *   firmware     at the start of RAM, or where its ELF says
 *   kernel       at the next multiple of 2 MiB (an Image: at its text_offset if that is free), or where its ELF says;
 *                without firmware at the start of RAM, in machine mode
 *   initrd       min(128 MiB, half of RAM) above the kernel's start, or right behind it where that does not fit
 *   device tree  at the last multiple of 2 MiB below the end of RAM (and 3 GiB) that leaves room for it to grow
 *
 * a0 = hart, a1 = device tree, a2 = `struct fw_dynamic_info`, which OpenSBI's fw_dynamic reads.
 *
 * Source   QEMU's hw/riscv/boot.c; Linux, Documentation/arch/riscv/{boot,boot-image-header}.rst; OpenSBI, docs/firmware
 */
import { isElf, readElfFile, type LoadedPiece } from './elf-file.js';

/** Files of a boot; each absent one is not there. */
export interface BootImages {
  /** Firmware that runs in machine mode: ELF or raw. */
  readonly bios?: Uint8Array;
  /** ELF, Linux Image or raw. */
  readonly kernel?: Uint8Array;
  readonly initrd?: Uint8Array;
  /** The kernel's command line; default: that of the machine's options. */
  readonly commandLine?: string;
  /** Entropy for the kernel's start, a multiple of 4 bytes; absent: none in the device tree. */
  readonly rngSeed?: Uint8Array;
}

export interface BootPlan {
  /** Where the hart begins, in machine mode. */
  readonly entry: number;
  /** Where firmware is to go on; 0: nowhere. */
  readonly next: number;
  readonly pieces: readonly { readonly name: string; readonly piece: LoadedPiece }[];
  /** First byte, and the one behind the last. */
  readonly initrd: { readonly start: number; readonly end: number } | undefined;
  readonly fdtAddress: number;
}

const MEGABYTE = 1 << 20;
const UNIT = 2 * MEGABYTE;
const PAGE = 4096;
/** Most bytes between kernel and initrd. */
const INITRD_GAP = 128 * MEGABYTE;
/** Firmware adds nodes to the tree in place. */
const FDT_ROOM = 64 * 1024;
/** Above it 32-bit kernels would not find the tree; QEMU keeps the rule for all. */
const FDT_CEILING = 3 * 1024 * MEGABYTE;
const IMAGE_MAGIC = 0x05435352; // "RSC\x05"
const IMAGE_MAGIC_AT = 56;
const FW_DYNAMIC_MAGIC = 0x4942534f; // "OSBI"
const FW_DYNAMIC_VERSION = 2;
const SUPERVISOR = 1;

const alignUp = (value: number, to: number): number => Math.ceil(value / to) * to;
const alignDown = (value: number, to: number): number => Math.floor(value / to) * to;
const endOf = ({ address, memoryBytes }: LoadedPiece): number => address + memoryBytes;

interface Placed {
  readonly entry: number;
  readonly pieces: readonly LoadedPiece[];
  /** First free byte behind it. */
  readonly end: number;
}

/** Header of a Linux Image, if it is one: offset from the start of RAM, and bytes in memory. */
function readImageHeader(bytes: Uint8Array): { textOffset: number; imageBytes: number } | undefined {
  if (bytes.length < 64) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(IMAGE_MAGIC_AT, true) !== IMAGE_MAGIC) return undefined;
  return { textOffset: Number(view.getBigUint64(8, true)), imageBytes: Number(view.getBigUint64(16, true)) };
}

function placeElf(bytes: Uint8Array): Placed {
  const { entry, pieces } = readElfFile(bytes);
  return { entry, pieces, end: Math.max(...pieces.map(endOf)) };
}

function placeRaw(bytes: Uint8Array, address: number, memoryBytes = bytes.length): Placed {
  const piece = { address, bytes, memoryBytes: Math.max(memoryBytes, bytes.length) };
  return { entry: address, pieces: [piece], end: endOf(piece) };
}

/** @param free first byte that no firmware uses; the start of RAM without any */
function placeKernel(bytes: Uint8Array, ramBase: number, free: number): Placed {
  if (isElf(bytes)) return placeElf(bytes);
  const raw = alignUp(free, UNIT);
  const header = readImageHeader(bytes);
  if (header === undefined) return placeRaw(bytes, raw);
  const wanted = ramBase + header.textOffset;
  return placeRaw(bytes, wanted >= free ? wanted : raw, header.imageBytes);
}

/** @throws RangeError when it does not fit between the kernel and `limit` */
function placeInitrd(bytes: Uint8Array, kernel: Placed, ramBytes: number, limit: number): LoadedPiece {
  const lowest = alignUp(kernel.end, PAGE);
  const wanted = alignDown(kernel.entry + Math.min(INITRD_GAP, ramBytes / 2), PAGE);
  const fits = wanted >= lowest && wanted + bytes.length <= limit;
  const address = fits ? wanted : lowest;
  if (address + bytes.length <= limit) return { address, bytes, memoryBytes: bytes.length };
  throw new RangeError(
    `initrd: expected at most ${Math.max(0, limit - lowest)} bytes between the kernel and the device tree, got ` +
      `${bytes.length}`,
  );
}

/**
 * @param ram where RAM begins, and its bytes
 * @param fdtBytes of the tree
 * @throws RangeError when files overlap or do not fit
 */
export function planBoot(ram: { base: number; bytes: number }, images: BootImages, fdtBytes: number): BootPlan {
  const { bios, kernel, initrd } = images;
  if (bios === undefined && kernel === undefined) throw new RangeError('bios: expected bios or kernel, got neither');
  const firmware = bios && (isElf(bios) ? placeElf(bios) : placeRaw(bios, ram.base));
  const loaded = kernel && placeKernel(kernel, ram.base, firmware?.end ?? ram.base);
  const ceiling = Math.min(ram.base + ram.bytes, Math.max(FDT_CEILING, ram.base + 64 * MEGABYTE));
  const fdtAddress = alignDown(ceiling - fdtBytes - FDT_ROOM, ram.bytes > 8 * MEGABYTE ? UNIT : PAGE);
  const behind = loaded ?? { entry: ram.base, pieces: [], end: firmware?.end ?? ram.base };
  const disk = initrd && placeInitrd(initrd, behind, ram.bytes, fdtAddress);
  const pieces = [
    ...(firmware?.pieces ?? []).map((piece) => ({ name: 'bios', piece })),
    ...(loaded?.pieces ?? []).map((piece) => ({ name: 'kernel', piece })),
    ...(disk === undefined ? [] : [{ name: 'initrd', piece: disk }]),
  ];
  checkApart(pieces, fdtAddress);
  return {
    entry: (firmware ?? behind).entry,
    next: firmware === undefined ? 0 : (loaded?.entry ?? 0),
    pieces,
    initrd: disk && { start: disk.address, end: endOf(disk) },
    fdtAddress,
  };
}

function checkApart(pieces: BootPlan['pieces'], fdtAddress: number): void {
  const sorted = [...pieces].sort((a, b) => a.piece.address - b.piece.address);
  sorted.forEach(({ name, piece }, i) => {
    const next = sorted[i + 1]?.piece.address ?? fdtAddress;
    if (endOf(piece) <= next) return;
    const what = sorted[i + 1]?.name ?? 'the device tree';
    throw new RangeError(
      `${name}: expected it to end below ${what} at 0x${next.toString(16)}, got 0x${endOf(piece).toString(16)}`,
    );
  });
}

/** Bytes of the boot ROM up to the machine's own device tree: the code that QEMU's has, its data, the firmware's. */
export const HANDOFF_BYTES = 88;
/** Where `struct fw_dynamic_info` is in the boot ROM. */
export const FW_DYNAMIC_AT = 40;

/** Code and data of the boot ROM for a boot. The hart starts behind it, in the state that it leaves. */
export function handoffRom(plan: Pick<BootPlan, 'entry' | 'next' | 'fdtAddress'>): Uint8Array {
  const rom = new Uint8Array(HANDOFF_BYTES);
  const view = new DataView(rom.buffer);
  const code = [
    0x00000297, // auipc t0, 0
    0x02828613, // addi a2, t0, 40
    0xf1402573, // csrr a0, mhartid
    0x0202b583, // ld a1, 32(t0)
    0x0182b283, // ld t0, 24(t0)
    0x00028067, // jr t0
  ];
  code.forEach((word, i) => view.setUint32(i * 4, word, true));
  const words = [plan.entry, plan.fdtAddress, FW_DYNAMIC_MAGIC, FW_DYNAMIC_VERSION, plan.next, SUPERVISOR, 0, 0];
  words.forEach((word, i) => view.setBigUint64(24 + i * 8, BigInt(word), true));
  return rom;
}

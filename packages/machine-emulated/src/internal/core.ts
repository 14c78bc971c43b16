/// <reference types="webassembly" />
/** The compiled interpreter: its imports, its exports, its memory. */
import { CORE_BASE64 } from '../generated/core.js';
import { SHARED_CORE_BASE64 } from '../generated/shared-core.js';
import { bytesOfBase64 } from '../host/base64.js';

/** Bus accesses the interpreter could not serve from RAM. Addresses and 64-bit values in unsigned halves. */
export interface CoreBus {
  has(lo: number, hi: number, size: number): boolean;
  /** @returns low word; {@link CoreBus.loadHigh} gives the high one of an 8-byte load */
  load(lo: number, hi: number, size: number): number;
  loadHigh(): number;
  store(lo: number, hi: number, size: number, valueLo: number, valueHi: number): void;
}

/** Exports of assembly/index.ts. */
export interface CoreExports {
  init(codeBase: number, codePages: number, codeOwners: number, pageInfo: number): void;
  addRegion(frame: number, pages: number, host: number): void;
  runHosted(registers: number, budget: number): number;
  runSystem(registers: number, budget: number): number;
  flushSpace(asid: number, lo: number, hi: number, all: number): void;
  flushEverything(): void;
  forgetCode(first: number, count: number): void;
  forgetAll(): void;
  dropReservation(): void;
  resetHart(isBare: number): void;
  watch(host: number, credit: number): void;
  /** Functions of translated regions. Not in the build for several CPUs. */
  readonly table: WebAssembly.Table;
}

/** Exports of assembly/index-shared.ts. */
export interface SharedCoreExports extends CoreExports {
  exchange(host: number, lo: number, hi: number): number;
  exchangeHigh(): number;
}

export type CoreModule = WebAssembly.Module;
export type CoreMemory = WebAssembly.Memory;

const WASM_PAGE = 65536;

function codeOf(cpus: number): Uint8Array<ArrayBuffer> {
  return bytesOfBase64(cpus === 1 ? CORE_BASE64 : SHARED_CORE_BASE64);
}

/** Compiles the interpreter; some milliseconds. */
export function compileCore(cpus = 1): CoreModule {
  return new WebAssembly.Module(codeOf(cpus));
}

export function compileCoreAsync(cpus = 1): Promise<CoreModule> {
  return WebAssembly.compile(codeOf(cpus));
}

/** A zeroed memory that never grows. `bytes` is a multiple of 64 KiB. */
export function createMemory(bytes: number, shared = false): CoreMemory {
  const pages = bytes / WASM_PAGE;
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
}

/**
 * Hears where the interpreter is, now and then: the slot's address and the pc in halves, signed. `isExit`: 1 = there a
 * region was left that might have gone on.
 */
export type SampleListener = (slot: number, lo: number, hi: number, isExit: number) => void;

/** Links a compiled core with a memory and a bus. `base`: the CPU's part of the memory, for the shared build. */
export function instantiateCore(
  module: CoreModule,
  memory: CoreMemory,
  bus: CoreBus,
  base = 0,
  sample: SampleListener = () => undefined,
): SharedCoreExports {
  const instance = new WebAssembly.Instance(module, {
    env: {
      memory,
      base,
      sample,
      busHas: (lo: number, hi: number, size: number) => (bus.has(lo >>> 0, hi >>> 0, size) ? 1 : 0),
      busLoad: (lo: number, hi: number, size: number) => bus.load(lo >>> 0, hi >>> 0, size),
      busLoadHigh: () => bus.loadHigh(),
      busStore: (lo: number, hi: number, size: number, valueLo: number, valueHi: number) =>
        bus.store(lo >>> 0, hi >>> 0, size, valueLo >>> 0, valueHi >>> 0),
    },
  });
  return instance.exports as unknown as SharedCoreExports;
}

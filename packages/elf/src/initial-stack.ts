/**
 * The stack that a new program finds, byte for byte as Linux lays it out.
 *
 *   top      8 zero bytes
 *            path of the program, NUL
 *            environment strings, argument strings (each list ascending), NUL after each
 *            [stringAlign] platform string, NUL; 16 random bytes
 *            padding that makes the stack pointer a multiple of 16
 *            auxiliary vector, ending with AT_NULL
 *            environment pointers, 0; argument pointers, 0
 *   sp       argc
 *
 * Source  Linux fs/exec.c (copy_strings), fs/binfmt_elf.c (create_elf_tables)
 */
import { E2BIG, PAGE_SIZE, highWord, lowWord, type Errno } from '@veridian-os/abi';
import type { AuxiliaryInput, InitialStack, InitialStackInput, StackString } from './api.js';
import * as at from './auxv.js';

/** Longest single string, NUL included: Linux's MAX_ARG_STRLEN. */
const MAX_STRING_BYTES = 131072;
const DEFAULT_MAX_BYTES = 2 * 1024 * 1024;
const WORD = 8;

/**
 * Builds the initial stack of a program.
 * @returns the stack, or E2BIG when a string or the whole exceeds its limit
 * @throws RangeError for a `top` that is not a page address, other than 16 random bytes, a string with NUL
 */
export function buildInitialStack(input: InitialStackInput): InitialStack | Errno {
  if (!Number.isSafeInteger(input.top) || input.top <= 0 || input.top % PAGE_SIZE !== 0) {
    throw new RangeError(`top: expected a positive multiple of ${PAGE_SIZE}, got ${input.top}`);
  }
  if (input.random16.length !== 16) throw new RangeError(`random16: expected 16 bytes, got ${input.random16.length}`);
  const encode = createEncoder();
  const args = (input.args.length === 0 ? [''] : input.args).map((text, i) => encode(text, `args[${i}]`));
  const env = input.env.map((text, i) => encode(text, `env[${i}]`));
  const execName = encode(input.execName, 'execName');
  const platform = input.platform === undefined ? undefined : encode(input.platform, 'platform');
  const strings = [...args, ...env, execName];
  const stringBytes = strings.reduce((sum, string) => sum + string.length, 0);
  const pointerBytes = (args.length + env.length) * WORD;
  if (stringBytes + pointerBytes > (input.maxBytes ?? DEFAULT_MAX_BYTES)) return E2BIG;
  if (strings.some((string) => string.length > MAX_STRING_BYTES)) return E2BIG;

  const argStart = input.top - WORD - stringBytes;
  const platformAt = argStart - (argStart % (input.stringAlign ?? 1)) - (platform?.length ?? 0);
  const randomAt = platformAt - 16;
  const execAt = input.top - WORD - execName.length;
  const vector = auxiliaryVector(input.auxiliary, randomAt, execAt, platform === undefined ? 0 : platformAt);
  const items = 1 + args.length + 1 + env.length + 1;
  const lowest = randomAt - vector.length * WORD - items * WORD;
  const stackPointer = lowest - (lowest % 16);
  if (stackPointer <= 0) return E2BIG;

  const bytes = new Uint8Array(input.top - stackPointer);
  const writer = createWriter(bytes, stackPointer);
  writer.word(args.length);
  const argEnd = writer.strings(args, argStart);
  const envEnd = writer.strings(env, argEnd);
  const auxvAt = writer.position();
  for (const value of vector) writer.word(value);
  const auxvEnd = writer.position();
  writer.copy(execName, execAt);
  writer.copy(input.random16, randomAt);
  if (platform !== undefined) writer.copy(platform, platformAt);
  return { bytes, stackPointer, argStart, argEnd, envStart: argEnd, envEnd, auxv: bytes.subarray(auxvAt, auxvEnd) };
}

/** Makes the function that gives a string's bytes with the terminating NUL. */
function createEncoder() {
  const utf8 = new TextEncoder();
  return (text: StackString, name: string): Uint8Array => {
    const bytes = typeof text === 'string' ? utf8.encode(text) : text;
    const nul = bytes.indexOf(0);
    if (nul >= 0) throw new RangeError(`${name}: expected no NUL, got one at byte ${nul}`);
    const terminated = new Uint8Array(bytes.length + 1);
    terminated.set(bytes);
    return terminated;
  };
}

/** Types and values alternating, in Linux's order, AT_NULL included. */
function auxiliaryVector(input: AuxiliaryInput, random: number, execName: number, platform: number): number[] {
  const vector: number[] = [];
  if (input.vdso !== undefined) vector.push(at.AT_SYSINFO_EHDR, input.vdso);
  for (const [type, value] of input.extra ?? []) vector.push(type, value);
  vector.push(at.AT_HWCAP, input.hwcap, at.AT_PAGESZ, PAGE_SIZE, at.AT_CLKTCK, input.clockTick);
  vector.push(at.AT_PHDR, input.programHeaders, at.AT_PHENT, input.programHeaderBytes);
  vector.push(at.AT_PHNUM, input.programHeaderCount, at.AT_BASE, input.base, at.AT_FLAGS, 0, at.AT_ENTRY, input.entry);
  vector.push(at.AT_UID, input.uid, at.AT_EUID, input.euid, at.AT_GID, input.gid, at.AT_EGID, input.egid);
  vector.push(at.AT_SECURE, input.secure ? 1 : 0, at.AT_RANDOM, random);
  if (input.hwcap2 !== undefined) vector.push(at.AT_HWCAP2, input.hwcap2);
  vector.push(at.AT_EXECFN, execName);
  if (platform !== 0) vector.push(at.AT_PLATFORM, platform);
  vector.push(at.AT_NULL, 0);
  return vector;
}

function createWriter(bytes: Uint8Array, base: number) {
  const view = new DataView(bytes.buffer);
  let next = 0;
  const word = (value: number): void => {
    view.setUint32(next, lowWord(value), true);
    view.setUint32(next + 4, highWord(value), true);
    next += WORD;
  };
  const copy = (from: Uint8Array, address: number): void => bytes.set(from, address - base);
  return {
    word,
    copy,
    position: () => next,
    /** Writes the pointers here and the strings from `address` on; returns the address after the last string. */
    strings(list: readonly Uint8Array[], address: number): number {
      let at = address;
      for (const string of list) {
        word(at);
        copy(string, at);
        at += string.length;
      }
      word(0);
      return at;
    },
  };
}

/** Reading option values; each refusal names the option, what was expected and what came. */
import { statSync } from 'node:fs';
import type { RunMount } from '@veridian-os/veridian';
import { hostFolder } from '@veridian-os/hostfs';

/** The command line is wrong; the message says how. */
export class UsageError extends Error {}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };
const PAGE = 4096;

/** `'256M'`, `'1g'`, `'65536'`: bytes, rounded up to pages. */
export function parseSize(option: string, text: string): number {
  const match = /^(\d+)([kmg]?)(i?b)?$/i.exec(text);
  const bytes = match === null ? 0 : Number(match[1]) * UNITS[match[2].toLowerCase()];
  if (!(bytes > 0)) throw new UsageError(`${option}: expected a size such as 256M or 1G, got '${text}'`);
  return Math.ceil(bytes / PAGE) * PAGE;
}

/** A decimal number, `1e9` included; Infinity is none. */
export function parsePositive(option: string, text: string): number {
  const value = numberOf(text);
  if (!(value > 0)) throw new UsageError(`${option}: expected a positive number, got '${text}'`);
  return value;
}

/** A whole number from `least`. */
export function parseWhole(option: string, text: string, least: number): number {
  const value = numberOf(text);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new UsageError(`${option}: expected a whole number from ${least}, got '${text}'`);
  }
  return value;
}

function numberOf(text: string): number {
  return /^-?\d+(\.\d+)?(e\+?\d+)?$/i.test(text) ? Number(text) : NaN;
}

/** One of a few words. */
export function parseChoice<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((word) => word === text);
  if (choice === undefined) throw new UsageError(`${option}: expected ${choices.join(' or ')}, got '${text}'`);
  return choice;
}

/** `HOST:GUEST[:ro]` as a mount. The host's folder must be there now. */
export function hostMount(text: string): RunMount {
  const match = /^(.+?):(\/[^:]*)(?::(ro|rw))?$/.exec(text);
  if (match === null) throw new UsageError(`--mount: expected HOST:/GUEST or HOST:/GUEST:ro, got '${text}'`);
  const [, host, guest, mode] = match;
  if (statSync(host, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new UsageError(`--mount: expected an existing folder of the host, got '${host}'`);
  }
  const readOnly = mode === 'ro';
  return { path: guest, source: host, readOnly, fs: hostFolder(host, { readOnly }) };
}

/** `NAME=VALUE` pairs to a record. */
export function parseEnv(pairs: readonly string[]): Record<string, string> {
  const env: Record<string, string> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at <= 0) throw new UsageError(`--env: expected NAME=VALUE, got '${pair}'`);
    env[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return env;
}

/** Commander's collector for options that may be repeated. */
export function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

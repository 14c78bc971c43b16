/** Wrapping machines: some members replaced, all others the original's own. */
import type { Trap } from '../trap.js';

/** `target` with `changes` in place of its members; other methods still run on `target` itself. */
export function override<T extends object>(target: T, changes: Partial<T>): T {
  return new Proxy(target, {
    get(original, key) {
      if (Object.hasOwn(changes, key)) return changes[key as keyof T];
      const value: unknown = Reflect.get(original, key, original);
      return typeof value === 'function' ? (value.bind(original) as unknown) : value;
    },
  });
}

export type WritableTrap = { -readonly [Key in keyof Trap]: Trap[Key] };

/** A copy of a record that may be changed. */
export function writable(trap: Trap): WritableTrap {
  const { kind, context, consumed, fault, access, addressLo, addressHi } = trap;
  return { kind, context, consumed, fault, access, addressLo, addressHi };
}

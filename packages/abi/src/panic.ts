/**
 * A broken kernel invariant. Only the machine loop catches it.
 *
 * Recognise it by `code` (`isKernelPanic`), never by `instanceof`: every package is bundled twice (ESM and
 * CJS), so two classes of this name may be alive at once.
 */
export class KernelPanic extends Error {
  /** `package/what`, e.g. `buddy/bad-free`. */
  readonly code: string;
  constructor(code: string, detail = '') {
    super(detail === '' ? code : `${code}: ${detail}`);
    this.name = 'KernelPanic';
    this.code = code;
  }
}

/**
 * Stops the kernel because an invariant of its own is broken; never because of guest input.
 * @param code `package/what`
 * @throws KernelPanic always
 */
export function panic(code: string, detail = ''): never {
  throw new KernelPanic(code, detail);
}

/** True for a {@link KernelPanic} of any copy of this package. */
export function isKernelPanic(error: unknown): error is KernelPanic {
  return error instanceof Error && error.name === 'KernelPanic' && 'code' in error;
}

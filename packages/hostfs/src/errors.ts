/** Errors of node:fs as the house's negative numbers. */
import type { Errno } from '@veridian-os/abi';
import * as abi from '@veridian-os/abi';

const BY_NAME: Readonly<Record<string, Errno>> = {
  EACCES: abi.EACCES,
  EBADF: abi.EBADF,
  EBUSY: abi.EBUSY,
  EDQUOT: abi.EDQUOT,
  EEXIST: abi.EEXIST,
  EFBIG: abi.EFBIG,
  EILSEQ: abi.EILSEQ,
  EINVAL: abi.EINVAL,
  EISDIR: abi.EISDIR,
  ELOOP: abi.ELOOP,
  EMFILE: abi.ENFILE,
  EMLINK: abi.EMLINK,
  ENAMETOOLONG: abi.ENAMETOOLONG,
  ENFILE: abi.ENFILE,
  ENODEV: abi.ENODEV,
  ENOENT: abi.ENOENT,
  ENOMEM: abi.ENOMEM,
  ENOSPC: abi.ENOSPC,
  ENOTDIR: abi.ENOTDIR,
  ENOTEMPTY: abi.ENOTEMPTY,
  ENOTSUP: abi.EOPNOTSUPP,
  ENXIO: abi.ENXIO,
  EOPNOTSUPP: abi.EOPNOTSUPP,
  EOVERFLOW: abi.EOVERFLOW,
  EPERM: abi.EPERM,
  EROFS: abi.EROFS,
  ESTALE: abi.ESTALE,
  ETXTBSY: abi.ETXTBSY,
  EXDEV: abi.EXDEV,
};

/** Runs a host call: its result, or its error as an Errno (EIO for an unknown one). */
export function attempt<T>(call: () => T): T | Errno {
  try {
    return call();
  } catch (error) {
    return BY_NAME[(error as NodeJS.ErrnoException).code ?? ''] ?? abi.EIO;
  }
}

/** Runs a host call without a result. */
export function done(call: () => void): 0 | Errno {
  return attempt(() => {
    call();
    return 0 as const;
  });
}

/**
 * Error numbers: negative, Linux's values on every ISA that uses asm-generic/errno.h (and x86-64).
 *
 * Functions return `value | Errno`: a result >= 0 is success, a negative one is an error with the state
 * unchanged. Source: Linux uapi, asm-generic/errno-base.h and asm-generic/errno.h.
 */

/** A negative error number. */
export type Errno = number & { readonly __brand: 'Errno' };

export const EPERM = -1 as Errno;
export const ENOENT = -2 as Errno;
export const ESRCH = -3 as Errno;
export const EINTR = -4 as Errno;
export const EIO = -5 as Errno;
export const ENXIO = -6 as Errno;
export const E2BIG = -7 as Errno;
export const ENOEXEC = -8 as Errno;
export const EBADF = -9 as Errno;
export const ECHILD = -10 as Errno;
export const EAGAIN = -11 as Errno;
export const ENOMEM = -12 as Errno;
export const EACCES = -13 as Errno;
export const EFAULT = -14 as Errno;
export const ENOTBLK = -15 as Errno;
export const EBUSY = -16 as Errno;
export const EEXIST = -17 as Errno;
export const EXDEV = -18 as Errno;
export const ENODEV = -19 as Errno;
export const ENOTDIR = -20 as Errno;
export const EISDIR = -21 as Errno;
export const EINVAL = -22 as Errno;
export const ENFILE = -23 as Errno;
export const EMFILE = -24 as Errno;
export const ENOTTY = -25 as Errno;
export const ETXTBSY = -26 as Errno;
export const EFBIG = -27 as Errno;
export const ENOSPC = -28 as Errno;
export const ESPIPE = -29 as Errno;
export const EROFS = -30 as Errno;
export const EMLINK = -31 as Errno;
export const EPIPE = -32 as Errno;
export const EDOM = -33 as Errno;
export const ERANGE = -34 as Errno;
export const EDEADLK = -35 as Errno;
export const ENAMETOOLONG = -36 as Errno;
export const ENOLCK = -37 as Errno;
export const ENOSYS = -38 as Errno;
export const ENOTEMPTY = -39 as Errno;
export const ELOOP = -40 as Errno;
export const ENODATA = -61 as Errno;
export const ETIME = -62 as Errno;
export const EPROTO = -71 as Errno;
export const EOVERFLOW = -75 as Errno;
export const EILSEQ = -84 as Errno;
export const ENOTSOCK = -88 as Errno;
export const EDESTADDRREQ = -89 as Errno;
export const EMSGSIZE = -90 as Errno;
export const EPROTONOSUPPORT = -93 as Errno;
export const EOPNOTSUPP = -95 as Errno;
export const EAFNOSUPPORT = -97 as Errno;
export const EADDRINUSE = -98 as Errno;
export const ENOTCONN = -107 as Errno;
export const ETIMEDOUT = -110 as Errno;
export const ECONNREFUSED = -111 as Errno;
export const EALREADY = -114 as Errno;
export const EINPROGRESS = -115 as Errno;
export const ESTALE = -116 as Errno;
export const EDQUOT = -122 as Errno;
export const ECANCELED = -125 as Errno;
export const EOWNERDEAD = -130 as Errno;

/**
 * The operation cannot finish now, nothing was changed, and what it waits for has been started: run it again
 * when the wait queue it named wakes. Internal to the kernel, never shown to a guest (EAGAIN is).
 */
export const WOULD_BLOCK = -4096 as Errno;
/** A wait was cut short by a signal; the personality turns it into EINTR or a restart, in one place. */
export const RESTART = -4097 as Errno;

const NAMES: ReadonlyMap<number, string> = new Map<number, string>([
  [EPERM, 'EPERM'],
  [ENOENT, 'ENOENT'],
  [ESRCH, 'ESRCH'],
  [EINTR, 'EINTR'],
  [EIO, 'EIO'],
  [ENXIO, 'ENXIO'],
  [E2BIG, 'E2BIG'],
  [ENOEXEC, 'ENOEXEC'],
  [EBADF, 'EBADF'],
  [ECHILD, 'ECHILD'],
  [EAGAIN, 'EAGAIN'],
  [ENOMEM, 'ENOMEM'],
  [EACCES, 'EACCES'],
  [EFAULT, 'EFAULT'],
  [ENOTBLK, 'ENOTBLK'],
  [EBUSY, 'EBUSY'],
  [EEXIST, 'EEXIST'],
  [EXDEV, 'EXDEV'],
  [ENODEV, 'ENODEV'],
  [ENOTDIR, 'ENOTDIR'],
  [EISDIR, 'EISDIR'],
  [EINVAL, 'EINVAL'],
  [ENFILE, 'ENFILE'],
  [EMFILE, 'EMFILE'],
  [ENOTTY, 'ENOTTY'],
  [ETXTBSY, 'ETXTBSY'],
  [EFBIG, 'EFBIG'],
  [ENOSPC, 'ENOSPC'],
  [ESPIPE, 'ESPIPE'],
  [EROFS, 'EROFS'],
  [EMLINK, 'EMLINK'],
  [EPIPE, 'EPIPE'],
  [EDOM, 'EDOM'],
  [ERANGE, 'ERANGE'],
  [EDEADLK, 'EDEADLK'],
  [ENAMETOOLONG, 'ENAMETOOLONG'],
  [ENOLCK, 'ENOLCK'],
  [ENOSYS, 'ENOSYS'],
  [ENOTEMPTY, 'ENOTEMPTY'],
  [ELOOP, 'ELOOP'],
  [ENODATA, 'ENODATA'],
  [ETIME, 'ETIME'],
  [EPROTO, 'EPROTO'],
  [EOVERFLOW, 'EOVERFLOW'],
  [EILSEQ, 'EILSEQ'],
  [ENOTSOCK, 'ENOTSOCK'],
  [EDESTADDRREQ, 'EDESTADDRREQ'],
  [EMSGSIZE, 'EMSGSIZE'],
  [EPROTONOSUPPORT, 'EPROTONOSUPPORT'],
  [EOPNOTSUPP, 'EOPNOTSUPP'],
  [EAFNOSUPPORT, 'EAFNOSUPPORT'],
  [EADDRINUSE, 'EADDRINUSE'],
  [ENOTCONN, 'ENOTCONN'],
  [ETIMEDOUT, 'ETIMEDOUT'],
  [ECONNREFUSED, 'ECONNREFUSED'],
  [EALREADY, 'EALREADY'],
  [EINPROGRESS, 'EINPROGRESS'],
  [ESTALE, 'ESTALE'],
  [EDQUOT, 'EDQUOT'],
  [ECANCELED, 'ECANCELED'],
  [EOWNERDEAD, 'EOWNERDEAD'],
  [WOULD_BLOCK, 'WOULD_BLOCK'],
  [RESTART, 'RESTART'],
]);

/** Symbolic name (`'ENOENT'`), or the number as text when it has none. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? String(errno);
}

/** True when `result` is an error rather than a value. */
export function isErrno(result: number): result is Errno {
  return result < 0;
}

const MESSAGES: ReadonlyMap<number, string> = new Map<number, string>([
  [-1, 'Operation not permitted'],
  [-2, 'No such file or directory'],
  [-3, 'No such process'],
  [-4, 'Interrupted system call'],
  [-5, 'Input/output error'],
  [-6, 'No such device or address'],
  [-7, 'Argument list too long'],
  [-8, 'Exec format error'],
  [-9, 'Bad file descriptor'],
  [-10, 'No child processes'],
  [-11, 'Resource temporarily unavailable'],
  [-12, 'Cannot allocate memory'],
  [-13, 'Permission denied'],
  [-14, 'Bad address'],
  [-15, 'Block device required'],
  [-16, 'Device or resource busy'],
  [-17, 'File exists'],
  [-18, 'Invalid cross-device link'],
  [-19, 'No such device'],
  [-20, 'Not a directory'],
  [-21, 'Is a directory'],
  [-22, 'Invalid argument'],
  [-23, 'Too many open files in system'],
  [-24, 'Too many open files'],
  [-25, 'Inappropriate ioctl for device'],
  [-26, 'Text file busy'],
  [-27, 'File too large'],
  [-28, 'No space left on device'],
  [-29, 'Illegal seek'],
  [-30, 'Read-only file system'],
  [-31, 'Too many links'],
  [-32, 'Broken pipe'],
  [-33, 'Numerical argument out of domain'],
  [-34, 'Numerical result out of range'],
  [-35, 'Resource deadlock avoided'],
  [-36, 'File name too long'],
  [-37, 'No locks available'],
  [-38, 'Function not implemented'],
  [-39, 'Directory not empty'],
  [-40, 'Too many levels of symbolic links'],
  [-61, 'No data available'],
  [-62, 'Timer expired'],
  [-71, 'Protocol error'],
  [-75, 'Value too large for defined data type'],
  [-84, 'Invalid or incomplete multibyte or wide character'],
  [-88, 'Socket operation on non-socket'],
  [-89, 'Destination address required'],
  [-90, 'Message too long'],
  [-93, 'Protocol not supported'],
  [-95, 'Operation not supported'],
  [-97, 'Address family not supported by protocol'],
  [-98, 'Address already in use'],
  [-107, 'Transport endpoint is not connected'],
  [-110, 'Connection timed out'],
  [-111, 'Connection refused'],
  [-114, 'Operation already in progress'],
  [-115, 'Operation now in progress'],
  [-116, 'Stale file handle'],
  [-122, 'Disk quota exceeded'],
  [-125, 'Operation canceled'],
  [-130, 'Owner died'],
]);

/** What the error means, in the words of strerror(3); `'Unknown error N'` for others. */
export function errnoMessage(errno: number): string {
  return MESSAGES.get(errno) ?? `Unknown error ${-errno}`;
}

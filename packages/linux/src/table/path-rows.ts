/** Calls that name files. */
import * as attributes from '../calls/attributes.js';
import * as paths from '../calls/paths.js';
import { row, type Row } from './row.js';

export const PATH_ROWS: readonly Row[] = [
  row('getcwd', [17, 79], paths.getcwd, 'out-path size'),
  row('chdir', [49, 80], paths.chdir, 'path'),
  row('fchdir', [50, 81], paths.fchdir, 'fd'),
  row('chroot', [51, 161], paths.chroot, 'path'),
  row('umask', [166, 95], paths.umask, 'octal = octal'),
  row('mkdirat', [34, 258], paths.mkdirat, 'dirfd path octal'),
  row('mknodat', [33, 259], paths.mknodat, 'dirfd path file-mode hex'),
  row('unlinkat', [35, 263], paths.unlinkat, 'dirfd path at-flags:remove'),
  row('renameat', [-1, 264, 38], paths.renameat, 'dirfd path dirfd path'),
  row('renameat2', [276, 316], paths.renameat2, 'dirfd path dirfd path hex'),
  row('linkat', [37, 265], paths.linkat, 'dirfd path dirfd path at-flags'),
  row('symlinkat', [36, 266], paths.symlinkat, 'path dirfd path'),
  row('readlinkat', [78, 267], paths.readlinkat, 'dirfd path out-bytes size'),
  row('sync', [81, 162], paths.sync),

  row('newfstatat', [79, 262], attributes.newfstatat, 'dirfd path out-stat at-flags'),
  row('statx', [291, 332], attributes.statx, 'dirfd path at-flags hex pointer'),
  row('faccessat', [48, 269], attributes.faccessat, 'dirfd path access'),
  row('faccessat2', [439, 439], attributes.faccessat2, 'dirfd path access at-flags:access'),
  row('fchmodat', [53, 268], attributes.fchmodat, 'dirfd path octal'),
  row('fchmodat2', [452, 452], attributes.fchmodat2, 'dirfd path octal at-flags'),
  row('fchownat', [54, 260], attributes.fchownat, 'dirfd path int int at-flags'),
  row('utimensat', [88, 280], attributes.utimensat, 'dirfd path pointer at-flags'),
  row('truncate', [45, 76], attributes.truncate, 'path long'),
  row('statfs', [43, 137], attributes.statfs, 'path pointer'),
];

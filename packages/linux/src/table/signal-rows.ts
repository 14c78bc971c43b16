/** Signals and futexes. */
import * as futex from '../calls/futex.js';
import * as signals from '../calls/signals.js';
import { row, type Row } from './row.js';

export const SIGNAL_ROWS: readonly Row[] = [
  row('rt_sigaction', [134, 13], signals.rtSigaction, 'signal sigaction out-sigaction size'),
  row('rt_sigprocmask', [135, 14], signals.rtSigprocmask, 'sigmask-how sigset out-sigset size'),
  row('rt_sigreturn', [139, 15], signals.rtSigreturn, '= never'),
  row('rt_sigpending', [136, 127], signals.rtSigpending, 'out-sigset size'),
  row('rt_sigsuspend', [133, 130], signals.rtSigsuspend, 'sigset size', 'ignored'),
  row('rt_sigtimedwait', [137, 128], signals.rtSigtimedwait, 'sigset out-siginfo timespec size', 'never'),
  row('rt_sigqueueinfo', [138, 129], signals.rtSigqueueinfo, 'int signal pointer'),
  row('rt_tgsigqueueinfo', [240, 297], signals.rtTgsigqueueinfo, 'int int signal pointer'),
  row('sigaltstack', [132, 131], signals.sigaltstack, 'stack out-stack'),
  row('kill', [129, 62], signals.kill, 'int signal'),
  row('tkill', [130, 200], signals.tkill, 'int signal'),
  row('tgkill', [131, 234], signals.tgkill, 'int int signal'),
  row('futex', [98, 202], futex.futex, 'pointer futex uint futex-timeout:1'),
  row('set_robust_list', [99, 273], futex.setRobustList, 'pointer size'),
  row('get_robust_list', [100, 274], futex.getRobustList, 'int pointer pointer'),
  row('set_tid_address', [96, 218], futex.setTidAddress, 'pointer'),
];

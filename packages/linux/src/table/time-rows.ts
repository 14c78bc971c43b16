/** Clocks, sleeping, timers. */
import * as time from '../calls/time.js';
import { row, type Row } from './row.js';

export const TIME_ROWS: readonly Row[] = [
  row('clock_gettime', [113, 228], time.clockGettime, 'clock out-timespec'),
  row('clock_getres', [114, 229], time.clockGetres, 'clock out-timespec'),
  row('clock_settime', [112, 227], time.clockSettime, 'clock timespec'),
  row('clock_nanosleep', [115, 230], time.clockNanosleep, 'clock sleep-flags timespec pointer', 'ignored'),
  row('nanosleep', [101, 35], time.nanosleep, 'timespec pointer', 'ignored'),
  row('gettimeofday', [169, 96], time.gettimeofday, 'out-timeval pointer'),
  row('settimeofday', [170, 164], time.settimeofday, 'pointer pointer'),
  row('times', [153, 100], time.times, 'pointer'),
  row('setitimer', [103, 38], time.setitimer, 'itimer itimerval out-itimerval'),
  row('getitimer', [102, 36], time.getitimer, 'itimer out-itimerval'),
  row('timer_create', [107, 222], time.timerCreate, 'clock pointer out-int'),
  row('timer_settime', [110, 223], time.timerSettime, 'int hex itimerspec out-itimerspec'),
  row('timer_gettime', [108, 224], time.timerGettime, 'int out-itimerspec'),
  row('timer_getoverrun', [109, 225], time.timerGetoverrun, 'int'),
  row('timer_delete', [111, 226], time.timerDelete, 'int'),
  row('restart_syscall', [128, 219], time.restartSyscall),
];

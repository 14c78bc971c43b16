/** Limits, scheduling, and what the system tells about itself. */
import { riscvHwprobe } from '../calls/hwprobe.js';
import * as info from '../calls/info.js';
import * as limits from '../calls/limits.js';
import * as scheduling from '../calls/scheduling.js';
import { prctl } from '../calls/prctl.js';
import { row, type Row } from './row.js';

export const SYSTEM_ROWS: readonly Row[] = [
  row('uname', [160, 63], info.uname, 'out-utsname'),
  row('sysinfo', [179, 99], info.sysinfo, 'pointer'),
  row('getrusage', [165, 98], info.getrusage, 'rusage-who pointer'),
  row('getrandom', [278, 318], info.getrandom, 'out-bytes size hex'),
  row('getcpu', [168, 309], info.getcpu, 'out-int out-int pointer'),
  row('personality', [92, 135], info.personality, 'hex'),
  row('riscv_hwprobe', [258, -1, -1], riscvHwprobe, 'pointer size size pointer hex'),
  row('syslog', [116, 103], info.syslog, 'int pointer int'),
  row('prctl', [167, 157], prctl, 'prctl hex hex hex hex'),
  row('prlimit64', [261, 302], limits.prlimit64, 'int limit rlimit out-rlimit'),
  row('getrlimit', [163, 97], limits.getrlimit, 'limit out-rlimit'),
  row('setrlimit', [164, 160], limits.setrlimit, 'limit rlimit'),

  row('sched_yield', [124, 24], scheduling.schedYield),
  row('sched_getaffinity', [123, 204], scheduling.schedGetaffinity, 'int size pointer'),
  row('sched_setaffinity', [122, 203], scheduling.schedSetaffinity, 'int size pointer'),
  row('sched_getscheduler', [120, 145], scheduling.schedGetscheduler, 'int'),
  row('sched_setscheduler', [119, 144], scheduling.schedSetscheduler, 'int int pointer'),
  row('sched_getparam', [121, 143], scheduling.schedGetparam, 'int out-int'),
  row('sched_setparam', [118, 142], scheduling.schedSetparam, 'int pointer'),
  row('sched_getattr', [275, 315], scheduling.schedGetattr, 'int pointer size hex'),
  row('sched_setattr', [274, 314], scheduling.schedSetattr, 'int pointer hex'),
  row('sched_get_priority_max', [125, 146], scheduling.schedGetPriorityMax, 'int'),
  row('sched_get_priority_min', [126, 147], scheduling.schedGetPriorityMin, 'int'),
  row('sched_rr_get_interval', [127, 148], scheduling.schedRrGetInterval, 'int out-timespec'),
  row('getpriority', [141, 140], scheduling.getpriority, 'int int'),
  row('setpriority', [140, 141], scheduling.setpriority, 'int int int'),
];

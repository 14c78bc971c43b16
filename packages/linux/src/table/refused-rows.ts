/**
 * Calls with one answer: known, so that programs hear the errno that makes them fall back. What is not in any table is
 * ENOSYS too, with a line in the trace.
 */
import * as answer from '../calls/refused.js';
import { row, type Row } from './row.js';

/** Everything else that Linux has, so that a trace can name it: `NAME:GENERIC[:X86_64]`. */
const MISSING = `
  io_destroy:1:207 io_submit:2:209 io_cancel:3:210 io_getevents:4:208 lookup_dcookie:18:212 nfsservctl:42:180
  kexec_load:104:246 init_module:105:175 delete_module:106:176 mq_unlink:181:241 mq_timedsend:182:242
  mq_timedreceive:183:243 mq_notify:184:244 mq_getsetattr:185:245 msgctl:187:71 msgrcv:188:70 msgsnd:189:69
  semctl:191:66 semtimedop:192:220 semop:193:65 shmctl:195:31 shmat:196:30 shmdt:197:67 remap_file_pages:234:216
  migrate_pages:238:256 move_pages:239:279 recvmmsg:243:299 fanotify_init:262:300 fanotify_mark:263:301
  sendmmsg:269:307 kcmp:272:312 finit_module:273:313 pkey_mprotect:288:329 pkey_alloc:289:330 pkey_free:290:331
  io_pgetevents:292:333 kexec_file_load:294:320 io_uring_enter:426 io_uring_register:427 open_tree:428
  move_mount:429 fsopen:430 fsconfig:431 fsmount:432 fspick:433 process_madvise:440 mount_setattr:442
  quotactl_fd:443 landlock_add_rule:445 landlock_restrict_self:446 memfd_secret:447 process_mrelease:448
  futex_waitv:449 set_mempolicy_home_node:450 cachestat:451 map_shadow_stack:453 futex_wake:454 futex_wait:455
  futex_requeue:456 statmount:457 listmount:458 lsm_get_self_attr:459 lsm_set_self_attr:460 lsm_list_modules:461
  mseal:462 name_to_handle_at:264:303 open_by_handle_at:265:304
`;

/** Calls that only x86_64 has a number for, most of them without anything behind it since Linux 2.6. */
const MISSING_X86 = `
  uselib:134 ustat:136 sysfs:139 modify_ldt:154 _sysctl:156 create_module:174 get_kernel_syms:177 query_module:178
  getpmsg:181 putpmsg:182 afs_syscall:183 tuxcall:184 security:185 set_thread_area:205 get_thread_area:211
  epoll_ctl_old:214 epoll_wait_old:215 vserver:236 inotify_init:253
`;

const HEXES = 'hex hex hex hex hex hex';

function missingRows(): Row[] {
  const entries = (list: string): string[][] =>
    list
      .trim()
      .split(/\s+/)
      .map((entry) => entry.split(':'));
  return [
    ...entries(MISSING).map(([name, generic, x86 = generic]) =>
      row(name, [Number(generic), Number(x86)], answer.missing, HEXES),
    ),
    ...entries(MISSING_X86).map(([name, x86]) => row(name, [-1, Number(x86)], answer.missing, HEXES)),
  ];
}

export const REFUSED_ROWS: readonly Row[] = [
  row('setxattr', [5, 188], answer.unsupported, 'path path pointer size hex'),
  row('lsetxattr', [6, 189], answer.unsupported, 'path path pointer size hex'),
  row('fsetxattr', [7, 190], answer.unsupported, 'fd path pointer size hex'),
  row('getxattr', [8, 191], answer.noData, 'path path pointer size'),
  row('lgetxattr', [9, 192], answer.noData, 'path path pointer size'),
  row('fgetxattr', [10, 193], answer.noData, 'fd path pointer size'),
  row('listxattr', [11, 194], answer.nothing, 'path pointer size'),
  row('llistxattr', [12, 195], answer.nothing, 'path pointer size'),
  row('flistxattr', [13, 196], answer.nothing, 'fd pointer size'),
  row('removexattr', [14, 197], answer.noData, 'path path'),
  row('lremovexattr', [15, 198], answer.noData, 'path path'),
  row('fremovexattr', [16, 199], answer.noData, 'fd path'),

  row('mount', [40, 165], answer.forbidden, 'path path path hex pointer'),
  row('umount2', [39, 166], answer.forbidden, 'path hex'),
  row('pivot_root', [41, 155], answer.forbidden, 'path path'),
  row('swapon', [224, 167], answer.forbidden, 'path hex'),
  row('swapoff', [225, 168], answer.forbidden, 'path'),
  row('reboot', [142, 169], answer.forbidden, 'hex hex hex pointer'),
  row('sethostname', [161, 170], answer.forbidden, 'path size'),
  row('setdomainname', [162, 171], answer.forbidden, 'path size'),
  row('acct', [89, 163], answer.missing, 'path'),
  row('ptrace', [117, 101], answer.forbidden, 'int int pointer pointer'),
  row('adjtimex', [171, 159], answer.forbidden, 'pointer'),
  row('clock_adjtime', [266, 305], answer.forbidden, 'clock pointer'),
  row('quotactl', [60, 179], answer.missing, 'hex path int pointer'),
  row('ioprio_set', [30, 251], answer.nothing, 'int int int'),
  row('ioprio_get', [31, 252], answer.nothing, 'int int'),

  row('inotify_init1', [26, 294], answer.missing, 'open-flags'),
  row('inotify_add_watch', [27, 254], answer.missing, 'fd path hex'),
  row('inotify_rm_watch', [28, 255], answer.missing, 'fd int'),
  row('rseq', [293, 334], answer.missing, 'pointer size hex hex'),
  row('io_setup', [0, 206], answer.missing, 'uint pointer'),
  row('io_uring_setup', [425, 425], answer.missing, 'uint pointer'),
  row('pidfd_getfd', [438, 438], answer.missing, 'fd fd hex'),
  row('userfaultfd', [282, 323], answer.missing, 'hex'),
  row('perf_event_open', [241, 298], answer.missing, 'pointer int int fd hex'),
  row('bpf', [280, 321], answer.forbidden, 'int pointer uint'),
  row('seccomp', [277, 317], answer.missing, 'uint hex pointer'),
  row('keyctl', [219, 250], answer.missing, 'int hex hex hex hex'),
  row('add_key', [217, 248], answer.missing, 'path path pointer size int'),
  row('request_key', [218, 249], answer.missing, 'path path path int'),
  row('process_vm_readv', [270, 310], answer.forbidden, 'int pointer size pointer size hex'),
  row('process_vm_writev', [271, 311], answer.forbidden, 'int pointer size pointer size hex'),
  row('mq_open', [180, 240], answer.missing, 'path open-flags octal pointer'),
  row('msgget', [186, 68], answer.missing, 'hex hex'),
  row('semget', [190, 64], answer.missing, 'hex int hex'),
  row('shmget', [194, 29], answer.missing, 'hex size hex'),
  row('get_mempolicy', [236, 239], answer.missing, 'pointer pointer size pointer hex'),
  row('set_mempolicy', [237, 238], answer.missing, 'int pointer size'),
  row('mbind', [235, 237], answer.missing, 'pointer size int pointer size hex'),
  row('landlock_create_ruleset', [444, 444], answer.missing, 'pointer size hex'),
  row('iopl', [-1, 172], answer.forbidden, 'uint'),
  row('ioperm', [-1, 173], answer.forbidden, 'hex size int'),
  ...missingRows(),
];

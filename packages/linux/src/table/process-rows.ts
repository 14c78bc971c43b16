/** Calls that make, replace, end, wait for and identify processes and threads. */
import * as clone from '../calls/clone.js';
import * as exec from '../calls/exec.js';
import * as identity from '../calls/identity.js';
import * as wait from '../calls/wait.js';
import { invalid, nothing } from '../calls/refused.js';
import { row, type Row } from './row.js';

export const CLONE_ROWS: readonly Row[] = [
  row('clone', [220, 56], clone.clone, 'clone-flags pointer pointer pointer pointer'),
  row('clone3', [435, 435], clone.clone3, 'clone-args size'),
  row('unshare', [97, 272], clone.unshare, 'clone-flags'),
  row('execve', [221, 59], exec.execve, 'path strings pointer'),
  row('execveat', [281, 322], exec.execveat, 'dirfd path strings pointer at-flags'),
  row('exit', [93, 60], exec.exit, 'int = never'),
  row('exit_group', [94, 231], exec.exitGroup, 'int = never'),
  row('wait4', [260, 61], wait.wait4, 'int out-wait-status wait-options pointer'),
  row('waitid', [95, 247], wait.waitid, 'int int pointer wait-options pointer'),

  row('getpid', [172, 39], identity.getpid),
  row('gettid', [178, 186], identity.gettid),
  row('getppid', [173, 110], identity.getppid),
  row('getpgid', [155, 121], identity.getpgid, 'int'),
  row('setpgid', [154, 109], identity.setpgid, 'int int'),
  row('getsid', [156, 124], identity.getsid, 'int'),
  row('setsid', [157, 112], identity.setsid),
  row('getuid', [174, 102], identity.getuid),
  row('geteuid', [175, 107], identity.getuid),
  row('getgid', [176, 104], identity.getgid),
  row('getegid', [177, 108], identity.getgid),
  row('setuid', [146, 105], identity.setuid, 'int'),
  row('setgid', [144, 106], identity.setgid, 'int'),
  row('setreuid', [145, 113], identity.setreuid, 'int int'),
  row('setregid', [143, 114], identity.setregid, 'int int'),
  row('setresuid', [147, 117], identity.setresuid, 'int int int'),
  row('setresgid', [149, 119], identity.setresgid, 'int int int'),
  row('getresuid', [148, 118], identity.getresuid, 'pointer pointer pointer'),
  row('getresgid', [150, 120], identity.getresgid, 'pointer pointer pointer'),
  row('setfsuid', [151, 122], identity.setfsuid, 'int'),
  row('setfsgid', [152, 123], identity.setfsgid, 'int'),
  row('getgroups', [158, 115], identity.getgroups, 'int pointer'),
  row('setgroups', [159, 116], identity.setgroups, 'int pointer'),
  row('capget', [90, 125], identity.capget, 'pointer pointer'),
  row('capset', [91, 126], identity.capset, 'pointer pointer'),
  row('setns', [268, 308], invalid, 'fd hex'),
  row('vhangup', [58, 153], nothing),
];

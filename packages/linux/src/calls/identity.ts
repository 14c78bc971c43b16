/** Who a process is: ids, groups, sessions, names. Every process is root (0) of a machine of its own. */
import { EFAULT, EINVAL, EPERM, ESRCH } from '@veridian-os/abi';
import type { Process } from '@veridian-os/kernel';
import type { Call } from '../call.js';

export const getpid = (call: Call): number => call.process.pid;
export const gettid = (call: Call): number => call.thread.tid;
export const getppid = (call: Call): number => call.process.parent?.pid ?? 0;
export const getuid = (call: Call): number => call.process.uid;
export const getgid = (call: Call): number => call.process.gid;

/** Process that a pid argument names; 0 = the caller. */
function processOf(call: Call, pid: number): Process | undefined {
  return pid === 0 ? call.process : call.kernel.processByPid(pid);
}

export function getpgid(call: Call): number {
  return processOf(call, call.int(0))?.group ?? ESRCH;
}

export function getsid(call: Call): number {
  return processOf(call, call.int(0))?.session.id ?? ESRCH;
}

export function setpgid(call: Call): number {
  const group = call.int(1) === 0 ? call.int(0) : call.int(1);
  return group < 0 ? EINVAL : call.kernel.processes.setGroup(call.process, call.int(0), group);
}

export function setsid(call: Call): number {
  return call.kernel.processes.newSession(call.process);
}

/** set*id(id, ...): ids can be "changed" to what they are. */
function setIds(call: Call, count: number, own: number): number {
  for (let index = 0; index < count; index++) {
    const wanted = call.int(index);
    if (wanted !== -1 && wanted !== own) return EPERM;
  }
  return 0;
}

export function setuid(call: Call): number {
  return call.int(0) === -1 ? EINVAL : setIds(call, 1, call.process.uid);
}

export function setgid(call: Call): number {
  return call.int(0) === -1 ? EINVAL : setIds(call, 1, call.process.gid);
}

export const setreuid = (call: Call): number => setIds(call, 2, call.process.uid);
export const setregid = (call: Call): number => setIds(call, 2, call.process.gid);
export const setresuid = (call: Call): number => setIds(call, 3, call.process.uid);
export const setresgid = (call: Call): number => setIds(call, 3, call.process.gid);
/** setfsuid and setfsgid answer the present id, whatever was asked. */
export const setfsuid = (call: Call): number => call.process.uid;
export const setfsgid = (call: Call): number => call.process.gid;

export function getresuid(call: Call): number {
  return storeIds(call, call.process.uid);
}

export function getresgid(call: Call): number {
  return storeIds(call, call.process.gid);
}

function storeIds(call: Call, id: number): number {
  call.view.setUint32(0, id, true);
  for (let index = 0; index < 3; index++) {
    const stored = call.store(call.address(index), 4);
    if (stored < 0) return stored;
  }
  return 0;
}

/** getgroups(size, list): no supplementary groups. */
export function getgroups(call: Call): number {
  return call.int(0) < 0 ? EINVAL : 0;
}

const MAX_GROUPS = 65_536;

/** setgroups(size, list): only the groups there are, which is none or the own one. */
export function setgroups(call: Call): number {
  const count = call.uint(0);
  if (count > MAX_GROUPS) return EINVAL;
  if (count === 0) return 0;
  if (count > 1) return EPERM;
  const fetched = call.fetch(call.address(1), 4);
  if (fetched < 0) return fetched;
  return call.view.getUint32(0, true) === call.process.gid ? 0 : EPERM;
}

/** Capability header: 0 version  4 pid; three versions, the last two with two data records of three words. */
const VERSIONS: ReadonlyMap<number, number> = new Map([
  [0x19980330, 1],
  [0x20071026, 2],
  [0x20080522, 2],
]);
const VERSION_3 = 0x20080522;

/** capget(header, data): uid 0 of its own machine, but authority here comes from Veridian's capabilities: none of Linux's. */
export function capget(call: Call): number {
  const fetched = call.fetch(call.address(0), 8);
  if (fetched < 0) return fetched;
  const records = VERSIONS.get(call.view.getUint32(0, true));
  if (records === undefined) {
    call.view.setUint32(0, VERSION_3, true);
    const stored = call.store(call.address(0), 4);
    return stored < 0 || call.address(1) !== 0 ? Math.min(stored, EINVAL) : 0;
  }
  const pid = call.view.getInt32(4, true);
  if (pid < 0) return EINVAL;
  if (processOf(call, pid) === undefined) return ESRCH;
  if (call.address(1) === 0) return EFAULT;
  call.linux.scratch.fill(0, 0, records * 12);
  return call.store(call.address(1), records * 12);
}

/** capset(header, data): giving up what one does not have is allowed. */
export function capset(call: Call): number {
  const fetched = call.fetch(call.address(0), 8);
  if (fetched < 0) return fetched;
  const records = VERSIONS.get(call.view.getUint32(0, true));
  if (records === undefined) return EINVAL;
  const data = call.fetch(call.address(1), records * 12);
  if (data < 0) return data;
  return call.linux.scratch.subarray(0, records * 12).some((byte) => byte !== 0) ? EPERM : 0;
}

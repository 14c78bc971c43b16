/** Processes as descriptors: pidfd_open, pidfd_send_signal. */
import { EBADF, EINVAL, EPERM, ESRCH, type Errno } from '@veridian-os/abi';
import { SIGNAL_COUNT, SI_TKILL, SI_USER, signalInfo, type Process, type SignalInfo } from '@veridian-os/kernel';
import { O_CLOEXEC, O_NONBLOCK } from '@veridian-os/vfs';
import type { Call } from '../call.js';
import { ProcessFile } from '../files/pidfd.js';
import { installSpecial } from '../files/special.js';
import { SIGINFO_BYTES, decodeSiginfo } from '../layout/siginfo.js';

/** A descriptor for a process; closed by execve, as Linux has it. */
export function openProcess(call: Call, process: Process, flags: number): number | Errno {
  const file = new ProcessFile(call.kernel, process);
  return installSpecial(call, file, (flags & O_NONBLOCK) | O_CLOEXEC, 'anon_inode:[pidfd]');
}

/** pidfd_open(pid, flags) */
export function pidfdOpen(call: Call): number {
  const pid = call.int(0);
  const flags = call.uint(1);
  if (pid <= 0 || (flags & ~O_NONBLOCK) !== 0) return EINVAL;
  const process = call.kernel.processByPid(pid);
  if (process !== undefined) return openProcess(call, process, flags);
  return call.kernel.threadByTid(pid) === undefined ? ESRCH : EINVAL;
}

/** The process behind a descriptor. */
export function processOf(call: Call, fd: number): ProcessFile | Errno {
  const file = call.kernel.descriptors.file(call.process, fd);
  if (typeof file === 'number') return EBADF;
  return call.linux.specials.find(file, ProcessFile) ?? EBADF;
}

/** pidfd_send_signal(fd, signal, info, flags) */
export function pidfdSendSignal(call: Call): number {
  const signal = call.int(1);
  if (call.uint(3) !== 0) return EINVAL;
  const found = processOf(call, call.int(0));
  if (typeof found === 'number') return found;
  if (signal < 0 || signal > SIGNAL_COUNT) return EINVAL;
  const info = call.address(2) === 0 ? plainInfo(call, signal) : givenInfo(call, signal, found.process);
  if (typeof info === 'number') return info;
  return found.hasEnded ? ESRCH : call.kernel.signals.sendProcess(found.process, info);
}

function plainInfo(call: Call, signal: number): SignalInfo {
  return signalInfo(signal, SI_USER, { pid: call.process.pid, uid: call.process.uid });
}

function givenInfo(call: Call, signal: number, target: Process): SignalInfo | number {
  const fetched = call.fetch(call.address(2), SIGINFO_BYTES);
  if (fetched < 0) return fetched;
  if (call.view.getInt32(0, true) !== signal) return EINVAL;
  const info = decodeSiginfo(call.view, signal);
  return (info.code >= 0 || info.code === SI_TKILL) && target !== call.process ? EPERM : info;
}

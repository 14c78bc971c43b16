/** What the system tells about itself. */
import { EINVAL, EPERM, PAGE_SIZE } from '@veridian-os/abi';
import { ProcessState, type Blocking, type MaybeBlocking } from '@veridian-os/kernel';
import { faultOf, type Call } from '../call.js';
import * as s from '../layout/system.js';
import { NS_PER_SECOND } from '../layout/time.js';
import { processCpuTime } from '../time/clocks.js';

export function uname(call: Call): number {
  const { options, isa } = call.linux;
  const fields = ['Linux', call.kernel.hostname, options.release, options.version, isa.machine, '(none)'];
  s.encodeUtsname(call.view, fields);
  return call.store(call.address(0), s.UTSNAME_BYTES);
}

export function sysinfo(call: Call): number {
  const { kernel } = call;
  const { totalFrames, freeFrames, swapPages, freeSwapPages } = kernel.memory.statistics();
  s.encodeSysinfo(call.view, {
    uptime: Math.floor(kernel.now() / NS_PER_SECOND),
    totalRam: totalFrames * PAGE_SIZE,
    freeRam: freeFrames * PAGE_SIZE,
    totalSwap: swapPages * PAGE_SIZE,
    freeSwap: freeSwapPages * PAGE_SIZE,
    processes: kernel.processList().filter((process) => process.state < ProcessState.Zombie).length,
  });
  return call.store(call.address(0), s.SYSINFO_BYTES);
}

const RUSAGE_SELF = 0;
const RUSAGE_CHILDREN = -1;
const RUSAGE_THREAD = 1;

/** getrusage(who, rusage); ru_maxrss is what is resident now. */
export function getrusage(call: Call): number {
  const resident = (call.space.residentFrames * PAGE_SIZE) / 1024;
  switch (call.int(0)) {
    case RUSAGE_SELF:
      s.encodeRusage(call.view, processCpuTime(call.process), resident);
      break;
    case RUSAGE_THREAD:
      s.encodeRusage(call.view, call.thread.cpuTime, resident);
      break;
    case RUSAGE_CHILDREN:
      s.encodeRusage(call.view, call.process.childrenCpuTime, 0);
      break;
    default:
      return EINVAL;
  }
  return call.store(call.address(1), s.RUSAGE_BYTES);
}

const GRND_KNOWN = 7;
/** GRND_RANDOM | GRND_INSECURE contradict each other. */
const GRND_CONTRADICTION = 6;
const MOST_RANDOM = 65_536;

/** getrandom(buffer, length, flags): EPERM without the Entropy capability. */
export function getrandom(call: Call): MaybeBlocking {
  const flags = call.uint(2);
  if ((flags & ~GRND_KNOWN) !== 0 || (flags & GRND_CONTRADICTION) === GRND_CONTRADICTION) return EINVAL;
  return fillRandom(call, call.address(0), Math.min(call.address(1), 0x7fffffff));
}

function* fillRandom(call: Call, address: number, length: number): Blocking {
  for (let done = 0; done < length; done += MOST_RANDOM) {
    const bytes = new Uint8Array(Math.min(length - done, MOST_RANDOM));
    const filled = call.kernel.entropy(call.process, bytes);
    if (filled < 0) return filled;
    const stored = yield* call.putBytes(address + done, bytes);
    if (stored < 0) return done > 0 ? done : faultOf(stored);
  }
  return length;
}

/** getcpu(cpu, node, cache): the CPU that made the call, on node 0. */
export function getcpu(call: Call): number {
  const answers = [
    [call.address(0), call.kernel.scheduler.cpuOf(call.thread.slot)],
    [call.address(1), 0],
  ];
  for (const [address, value] of answers) {
    call.view.setUint32(0, value, true);
    const stored = address === 0 ? 0 : call.store(address, 4);
    if (stored < 0) return stored;
  }
  return 0;
}

const PER_LINUX_32 = 0x0008;
const QUERY = 0xffffffff;

/** personality(persona): remembered; only the native one does anything. */
export function personality(call: Call): number {
  const { shared } = call;
  const old = shared.persona;
  const wanted = call.uint(0);
  if (wanted === QUERY) return old;
  if ((wanted & 0xff) === PER_LINUX_32) return EINVAL;
  shared.persona = wanted;
  return old;
}

/** syslog(type, buffer, length): the kernel's log is not shown to programs. */
export const syslog = (): number => EPERM;

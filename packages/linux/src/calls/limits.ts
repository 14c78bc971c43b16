/** Resource limits. */
import { EINVAL, EPERM, ESRCH } from '@veridian-os/abi';
import { LIMIT_COUNT, Limit, type Process } from '@veridian-os/kernel';
import type { Call } from '../call.js';
import { RLIMIT_BYTES, decodeLimit, encodeLimit } from '../layout/system.js';

interface LimitPair {
  readonly soft: number;
  readonly hard: number;
}

/** prlimit64(pid, resource, new, old) */
export function prlimit64(call: Call): number {
  const pid = call.int(0);
  const process = pid === 0 ? call.process : call.kernel.processByPid(pid);
  if (process === undefined) return ESRCH;
  return exchange(call, process, call.uint(1), call.address(2), call.address(3));
}

export function getrlimit(call: Call): number {
  return exchange(call, call.process, call.uint(0), 0, call.address(1));
}

export function setrlimit(call: Call): number {
  return exchange(call, call.process, call.uint(0), call.address(1), 0);
}

function exchange(call: Call, process: Process, resource: number, added: number, old: number): number {
  if (resource >= LIMIT_COUNT) return EINVAL;
  const present = read(call, process, resource);
  const fetched = added === 0 ? 0 : call.fetch(added, RLIMIT_BYTES);
  if (fetched < 0) return fetched;
  const wanted = { soft: decodeLimit(call.view, 0), hard: decodeLimit(call.view, 8) };
  if (added !== 0 && wanted.soft > wanted.hard) return EINVAL;
  if (added !== 0 && (process !== call.process || wanted.hard > present.hard)) return EPERM;
  if (old !== 0) {
    encodeLimit(call.view, 0, present.soft);
    encodeLimit(call.view, 8, present.hard);
    const stored = call.store(old, RLIMIT_BYTES);
    if (stored < 0) return stored;
  }
  if (added !== 0) write(call, process, resource, wanted);
  return 0;
}

/** The kernel's own bounds show as the limits of descriptors, processes and the stack. */
function read(call: Call, process: Process, resource: number): LimitPair {
  const soft = process.limits[resource * 2];
  const hard = process.limits[resource * 2 + 1];
  const { limits } = call.kernel;
  if (resource === Limit.Files) return { soft: process.files.limit, hard: Math.min(hard, limits.descriptors) };
  if (resource === Limit.Processes)
    return { soft: Math.min(soft, limits.threads), hard: Math.min(hard, limits.threads) };
  if (resource === Limit.Stack && soft === Infinity) return { soft: call.linux.options.stackBytes, hard };
  return { soft, hard };
}

function write(call: Call, process: Process, resource: number, { soft, hard }: LimitPair): void {
  process.limits[resource * 2] = soft;
  process.limits[resource * 2 + 1] = hard;
  if (resource === Limit.Files) process.files.limit = soft;
  if (resource === Limit.AddressSpace) call.space.setLimits(soft, call.kernel.limits.residentFrames);
}

/** prctl: settings of a thread or process that have no call of their own. */
import { EFAULT, EINVAL, EPERM } from '@veridian-os/abi';
import { SIGNAL_COUNT } from '@veridian-os/kernel';
import type { Call } from '../call.js';
import { setWide } from '../layout/words.js';
import { decodeText, encodeText } from '../text.js';

const NAME_BYTES = 16;

type Operation = (call: Call) => number;

/** Bits 0..40: CAP_CHECKPOINT_RESTORE is the last one. */
const LAST_CAPABILITY = 40;

const OPERATIONS: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [1, setParentDeathSignal],
  [2, (call) => storeInt(call, call.shared.parentDeathSignal)],
  [3, (call) => call.shared.dumpable],
  [4, setDumpable],
  [7, (call) => (call.shared.keepCapabilities ? 1 : 0)],
  [8, setKeepCapabilities],
  [15, setName],
  [16, getName],
  [21, () => 0], // PR_GET_SECCOMP: none
  [23, (call) => (call.address(1) <= LAST_CAPABILITY ? 0 : EINVAL)], // PR_CAPBSET_READ: the bounding set is empty
  [24, (call) => (call.address(1) <= LAST_CAPABILITY ? 0 : EINVAL)], // PR_CAPBSET_DROP: dropped already
  [29, setTimerSlack],
  [30, (call) => call.shared.timerSlack],
  [35, () => EPERM], // PR_SET_MM
  [36, setSubreaper],
  [37, (call) => storeInt(call, call.process.isSubreaper ? 1 : 0)],
  [38, setNoNewPrivileges],
  [39, (call) => (call.shared.noNewPrivileges ? 1 : 0)],
  [40, getTidAddress],
  [41, () => 0], // PR_SET_THP_DISABLE: there are no huge pages to disable
  [42, () => 1], // PR_GET_THP_DISABLE
]);

export function prctl(call: Call): number {
  return OPERATIONS.get(call.int(0))?.(call) ?? EINVAL;
}

function storeInt(call: Call, value: number): number {
  call.view.setInt32(0, value, true);
  return call.store(call.address(1), 4);
}

function setParentDeathSignal(call: Call): number {
  const signal = call.address(1);
  if (signal > SIGNAL_COUNT) return EINVAL;
  call.shared.parentDeathSignal = signal;
  return 0;
}

function setSubreaper(call: Call): number {
  call.process.isSubreaper = call.address(1) !== 0;
  return 0;
}

function setDumpable(call: Call): number {
  if (call.address(1) > 1) return EINVAL;
  call.shared.dumpable = call.int(1);
  return 0;
}

function setKeepCapabilities(call: Call): number {
  if (call.address(1) > 1) return EINVAL;
  call.shared.keepCapabilities = call.int(1) === 1;
  return 0;
}

function setName(call: Call): number {
  const bytes = new Uint8Array(NAME_BYTES);
  const read = call.space.readString(call.address(1), NAME_BYTES - 1);
  if (typeof read !== 'number') bytes.set(read);
  else {
    // Longer names are cut: read what fits.
    const fetched = call.fetchInto(call.address(1), bytes.subarray(0, NAME_BYTES - 1));
    if (fetched < 0) return fetched;
  }
  const end = bytes.indexOf(0);
  call.thread.name = decodeText(bytes.slice(0, end < 0 ? NAME_BYTES - 1 : end));
  if (call.thread === call.process.leader) call.process.name = call.thread.name;
  return 0;
}

function getName(call: Call): number {
  const bytes = new Uint8Array(NAME_BYTES);
  bytes.set(encodeText(call.thread.name).subarray(0, NAME_BYTES - 1));
  return call.storeFrom(call.address(1), bytes);
}

const DEFAULT_SLACK = 50_000;

function setTimerSlack(call: Call): number {
  call.shared.timerSlack = call.address(1) === 0 ? DEFAULT_SLACK : call.address(1);
  return 0;
}

function setNoNewPrivileges(call: Call): number {
  if (call.address(1) !== 1 || call.address(2) !== 0 || call.address(3) !== 0 || call.address(4) !== 0) return EINVAL;
  call.shared.noNewPrivileges = true;
  return 0;
}

function getTidAddress(call: Call): number {
  setWide(call.view, 0, call.state.clearChildTid);
  return call.address(1) === 0 ? EFAULT : call.store(call.address(1), 8);
}

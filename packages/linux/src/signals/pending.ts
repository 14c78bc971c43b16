/** Taking pending signals without delivering them (sigtimedwait, signalfd). */
import { signalArrived } from '../time/process-timers.js';
import { SIGNAL_COUNT, type SignalInfo, type SignalSet, type Thread } from '@veridian-os/kernel';

/** Lowest pending signal of `wanted`, the thread's own first; undefined when there is none. */
export function takePending(thread: Thread, wanted: SignalSet): SignalInfo | undefined {
  for (let signal = 1; signal <= SIGNAL_COUNT; signal++) {
    if (!wanted.has(signal)) continue;
    const info = thread.pending.take(signal) ?? thread.process.pending.take(signal);
    if (info === undefined) continue;
    signalArrived(info);
    return info;
  }
  return undefined;
}

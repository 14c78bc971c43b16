/** For tests of what runs on this machine: whether it runs here, said once, in a way that CI's log shows. */
import type { KvmProbe } from './host/probe.js';
import { probeKvmSync } from './host/probe.js';

/**
 * Asks the probe and says what it found, whatever it was.
 * @param say prints a line
 */
export function kvmForTests(say: (line: string) => void): KvmProbe {
  const answer = probeKvmSync();
  say(answer.available ? `KVM: used (ring 0 ${answer.kind})` : `KVM: not used: ${answer.problem}`);
  return answer;
}

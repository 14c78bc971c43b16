/** How fast the guest's time stamp counter is: nothing says so, hence it is compared with the host's clock. */
import type { HostMonitor } from './host-monitor.js';
import { MAILBOX, Opcode } from './layout.js';

/** Relative error that is small enough, and how long to try for it. */
const GOOD = 0.03;
const PATIENCE_MS = 200;
const TWO_32 = 4294967296;

/** The counter's value at some time within `took` before `ms`. */
interface Reading {
  readonly ms: number;
  readonly took: number;
  readonly ticks: number;
}

function read(monitor: HostMonitor): Reading {
  const [mailbox] = monitor.mailboxes;
  const before = performance.now();
  monitor.command(mailbox, Opcode.Nothing);
  const ms = performance.now();
  const { words } = mailbox;
  return { ms, took: ms - before, ticks: words[MAILBOX.VALUE / 4 + 1] * TWO_32 + words[MAILBOX.VALUE / 4] };
}

/** Ticks per second; the monitors of all CPUs are told how long one is. */
export function measureTicks(monitor: HostMonitor): number {
  let first = read(monitor);
  const start = first.ms;
  let perMs = 0;
  for (let error = Infinity; error > GOOD;) {
    const last = read(monitor);
    // A quicker answer says more exactly when it was given.
    if (last.ms < start + PATIENCE_MS / 4 && last.took < first.took / 2) first = last;
    const span = last.ms - last.took / 2 - (first.ms - first.took / 2);
    const bound = (first.took + last.took) / 2 / span;
    if (span > 0 && bound < error) {
      error = bound;
      perMs = (last.ticks - first.ticks) / span;
    }
    if (last.ms > start + PATIENCE_MS) break;
  }
  const perSecond = Math.max(1, perMs * 1000);
  const scale = BigInt(Math.round((1e9 / perSecond) * TWO_32));
  for (const { words } of monitor.mailboxes) {
    words[MAILBOX.SCALE / 4] = Number(scale & 0xffffffffn);
    words[MAILBOX.SCALE / 4 + 1] = Number(scale >> 32n);
  }
  return perSecond;
}

/**
 * The signal that takes a vCPU out of ring 3: a timer of the thread, blocked outside KVM_RUN and pending until taken.
 *
 * The timer is set anew only when it would ring too late. One that rings early costs one look at the clock, which is
 * cheaper than two system calls around every run.
 */
import type { Clock } from '@veridian-os/hal';
import type { Libc } from '@veridian-os/libc';
import { CLOCK_MONOTONIC, SIG_BLOCK, SIGRTMIN } from '@veridian-os/libc';
import { KVM } from './kvm-abi.js';
import { must } from './vm.js';

/** Real-time signals from here are nobody's in Node.js and the C libraries. */
export const SIGNAL = SIGRTMIN + 6;
const SIGNALS = [SIGNAL];

export class Alarm {
  private readonly libc: Libc;
  private readonly clock: Pick<Clock, 'now'>;
  private readonly timer: number;
  /** When the timer will ring; Infinity = it is off. */
  private ringsAt = Infinity;

  /** Belongs to the calling thread. */
  constructor(libc: Libc, clock: Pick<Clock, 'now'>) {
    this.libc = libc;
    this.clock = clock;
    must(libc.sigprocmask(SIG_BLOCK, SIGNALS), 'sigprocmask');
    this.timer = must(libc.timerCreate(CLOCK_MONOTONIC, SIGNAL, libc.gettid()), 'timer_create');
  }

  /** Lets the alarm through while `vcpu` runs. */
  attach(vcpu: number): void {
    const mask = new Uint8Array(12); // length 8, no signal blocked
    mask[0] = 8;
    must(this.libc.ioctlBytes(vcpu, KVM.SET_SIGNAL_MASK, mask), 'KVM_SET_SIGNAL_MASK');
  }

  /**
   * The alarm rings at `at` or earlier. One that was to ring before `since` does not count: another machine of this thread
   * may have heard it.
   * @param since from then on only this machine has run on this thread
   */
  ensure(at: number, since: number): void {
    if (this.ringsAt > at || this.ringsAt <= since) this.set(at);
  }

  private set(at: number): void {
    this.ringsAt = at;
    if (at === Infinity) return;
    must(this.libc.timerSettime(this.timer, Math.max(1, at - this.clock.now()), 0), 'timer_settime');
  }

  /** After an interruption: the alarm may have rung. */
  acknowledge(): void {
    if (this.libc.sigtimedwait(SIGNALS, 0) === SIGNAL) this.ringsAt = Infinity;
  }

  close(): void {
    this.libc.timerDelete(this.timer);
    while (this.libc.sigtimedwait(SIGNALS, 0) === SIGNAL); // rang or kicked unheard; nobody sends any more
  }
}

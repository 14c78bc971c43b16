/** Signal sets, pending signals and dispositions against the plainest models there are. */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  HANDLER_IGNORE,
  PendingSignals,
  SIGNAL_COUNT,
  signalInfo,
  signalName,
  signalNumber,
  SignalActions,
  SignalSet,
  defaultSignalAction,
  type SignalInfo,
} from '../../src/index.js';

const signal = fc.integer({ min: 1, max: SIGNAL_COUNT });

function setOf(signals: Iterable<number>): SignalSet {
  const set = new SignalSet();
  for (const member of signals) set.add(member);
  return set;
}

describe('SignalSet against Set', () => {
  it('adds, deletes, tests and finds the first one outside', () => {
    const step = fc.tuple(fc.constantFrom('add' as const, 'delete' as const), signal);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), fc.uniqueArray(signal), (steps, blockedSignals) => {
        const [set, model] = [new SignalSet(), new Set<number>()];
        const blocked = setOf(blockedSignals);
        for (const [what, which] of steps) {
          set[what](which);
          model[what](which);
          const outside = [...model].filter((member) => !blockedSignals.includes(member));
          const first = outside.length === 0 ? 0 : Math.min(...outside);
          const members = Array.from({ length: SIGNAL_COUNT }, (_, index) => index + 1).filter((at) => set.has(at));
          expect([members, set.isEmpty, set.firstOutside(blocked)]).toEqual([
            [...model].sort((a, b) => a - b),
            model.size === 0,
            first,
          ]);
        }
        const copy = new SignalSet();
        copy.copyFrom(set);
        copy.add(1);
        expect(set.has(1)).toBe(model.has(1));
        copy.set(set.lo >>> 0, set.hi >>> 0);
        expect([copy.lo, copy.hi]).toEqual([set.lo, set.hi]);
      }),
    );
  });
});

describe('PendingSignals against a list', () => {
  it('merges standard signals, queues real-time ones in order, and hands out the oldest', () => {
    const few = fc.constantFrom(1, 2, 31, 32, 33, 64); // so that they meet
    const what = fc.constantFrom('add' as const, 'add' as const, 'take' as const, 'discard' as const);
    fc.assert(
      fc.property(fc.array(fc.tuple(what, few), { maxLength: 60, size: 'max' }), (steps) => {
        const pending = new PendingSignals();
        let model: SignalInfo[] = [];
        steps.forEach(([what, which], index) => {
          if (what === 'add') {
            const info = signalInfo(which, 0, { valueLo: index });
            const merged = which < 32 && model.some((other) => other.signal === which);
            expect(pending.add(info)).toBe(!merged);
            if (!merged) model.push(info);
          } else if (what === 'take') {
            const oldest = model.find((info) => info.signal === which);
            expect(pending.take(which)).toBe(oldest);
            model = model.filter((info) => info !== oldest);
          } else {
            pending.discard(which);
            model = model.filter((info) => info.signal !== which);
          }
          const expected = setOf(model.map((info) => info.signal));
          expect([pending.set.lo, pending.set.hi]).toEqual([expected.lo, expected.hi]);
        });
      }),
    );
  });

  it('is bounded for real-time signals, and a full queue still takes a SIGTERM', () => {
    const pending = new PendingSignals();
    let queued = 0;
    while (pending.add(signalInfo(40, 0))) queued++;
    expect(queued).toBe(PendingSignals.MAX_QUEUED);
    expect(pending.add(signalInfo(15, 0))).toBe(true);
    expect(pending.take(15)?.signal).toBe(15);
    pending.clear();
    expect(pending.set.isEmpty).toBe(true);
    expect(pending.take(40)).toBeUndefined();
  });
});

describe('SignalActions', () => {
  it('loses handlers but not ignored signals at execve', () => {
    const kind = fc.constantFrom<'default' | 'ignore' | 'handler'>('default', 'ignore', 'handler');
    fc.assert(
      fc.property(fc.array(fc.tuple(signal, kind), { maxLength: 100, size: 'max' }), (steps) => {
        const actions = new SignalActions();
        const ignored = new Set<number>();
        const handled = new Set<number>();
        const handlers = { default: 0, ignore: HANDLER_IGNORE, handler: 0x1000 };
        for (const [which, what] of steps) {
          actions.set(which, { ...defaultSignalAction(), handlerLo: handlers[what], flags: 4 });
          ignored.delete(which);
          handled.delete(which);
          if (what === 'ignore') ignored.add(which);
          if (what === 'handler') handled.add(which);
        }
        const copy = new SignalActions();
        copy.copyFrom(actions);
        actions.resetForExec();
        for (let which = 1; which <= SIGNAL_COUNT; which++) {
          expect(copy.isIgnored(which)).toBe(ignored.has(which));
          expect(copy.isDefault(which)).toBe(!ignored.has(which) && !handled.has(which));
          expect(actions.isIgnored(which)).toBe(ignored.has(which));
          expect(actions.isDefault(which)).toBe(!ignored.has(which));
        }
      }),
    );
  });

  it('does not take an address with a low word of one for IGNORE', () => {
    const actions = new SignalActions();
    actions.set(2, { ...defaultSignalAction(), handlerLo: HANDLER_IGNORE, handlerHi: 1 });
    expect([actions.isIgnored(2), actions.isDefault(2)]).toEqual([false, false]);
  });
});

describe('signal names', () => {
  it('are found again by name, short name and number', () => {
    for (let which = 1; which <= 31; which++) {
      const name = signalName(which);
      expect([name, name.slice(3), name.toLowerCase(), String(which)].map(signalNumber)).toEqual(Array(4).fill(which));
    }
    expect(signalName(34)).toBe('SIGRTMIN+2');
    expect(['', 'SIG', 'NOPE', '0', '65', '1.5', '-1'].map(signalNumber)).toEqual(Array(7).fill(0));
  });
});

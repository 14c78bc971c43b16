/** Bugs of counters. */
import type { Nanoseconds } from '@veridian-os/abi';
import type { ClockLine, Counter, Machine } from '../machine.js';
import { has, withClock, type SeededBug } from './bug-tools.js';
import { override } from './override.js';

const group = 'counter';
const needs = has.counter;

function withCounter(machine: Machine, change: (counter: Counter) => Partial<Counter>): Machine {
  const { counter } = machine;
  return counter === undefined ? machine : override(machine, { counter: override(counter, change(counter)) });
}

export const counterBugs: readonly SeededBug[] = [
  {
    name: 'the host reads the counter ahead of its programs',
    group,
    needs,
    plant: (machine) =>
      withCounter(machine, (counter) => ({ read: () => counter.read() + Math.ceil(counter.hertz / 1000) })),
  },
  {
    name: 'the host has read the counter before its program has',
    group,
    needs,
    plant: (machine) =>
      withCounter(machine, (counter) => {
        let last = 0;
        return {
          read() {
            const before = last;
            last = counter.read();
            return before;
          },
        };
      }),
  },
  {
    name: 'the clock is another one',
    group,
    needs,
    plant: (machine) => withClock(machine, { now: () => (machine.clock.now() + 1e6) as Nanoseconds }),
  },
  {
    name: 'a line that is bent goes back a little',
    group,
    needs,
    plant(machine) {
      let bends = 0;
      const late = (line: ClockLine): ClockLine => ({ ...line, ns: line.ns - bends * 100 });
      return withCounter(machine, (counter) => ({
        steer: () => counter.steer() && ++bends > 0,
        get line() {
          return late(counter.line);
        },
      }));
    },
  },
];

/** sleep, date, uptime: about time. */
import { calendarTime, clockText, dateText, MONTHS, twoDigits, WEEKDAYS, type CalendarTime } from '../internal/time.js';
import type { Utility } from '../internal/tool.js';

const NS = 1e9;
const UNIT_SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

export const sleep: Utility = {
  name: 'sleep',
  summary: 'wait for a while',
  usage: 'SECONDS...',
  options: '',
  help: 'SECONDS may have a fraction, and a unit: 0.5, 2m, 1h, 1d; infinity.',
  *run(tool) {
    if (tool.operands.length === 0) return yield* tool.usageError('a time is missing');
    let total = 0;
    for (const operand of tool.operands) {
      const match = /^(\d+\.?\d*|\.\d+)([smhd]?)$/.exec(operand);
      if (match === null && operand !== 'infinity') return yield* tool.usageError(`${operand}: not a time`);
      total += match === null ? Infinity : Number(match[1]) * UNIT_SECONDS[match[2]];
    }
    yield* tool.sys.sleep(total * NS);
    return 0;
  },
};

export const date: Utility = {
  name: 'date',
  summary: 'print the time of day (UTC)',
  usage: '[+FORMAT]',
  options: 'u',
  help: [
    'FORMAT: %Y-%m-%d %H:%M:%S year to second, %a %b names, %e day, %j day of the year, %y, %I %p,',
    '%F date, %T time, %s seconds since 1970, %N nanoseconds, %Z zone, %n newline, %t tab, %%',
    'Needs the Clock capability.',
  ].join('\n'),
  *run(tool) {
    const [format = '+%a %b %e %T UTC %Y'] = tool.operands;
    if (!format.startsWith('+')) return yield* tool.usageError(`${format}: the time cannot be set`);
    const now = yield* tool.sys.timeOfDay();
    if (typeof now === 'number') return yield* tool.complain('the time is not known: no Clock capability');
    yield* tool.print(`${formatTime(format.slice(1), now.sec, now.nsec)}\n`);
    return 0;
  },
};

/** strftime(3)'s most used conversions; others stay as they are. */
export function formatTime(format: string, seconds: number, nanoseconds: number): string {
  const time = calendarTime(seconds);
  const conversions = conversionsOf(time, seconds, nanoseconds);
  return format.replace(/%(.)/gs, (whole, letter: string) => conversions[letter] ?? whole);
}

function conversionsOf(time: CalendarTime, seconds: number, nanoseconds: number): Readonly<Record<string, string>> {
  const { year, month, day, hour, minute, second, weekday } = time;
  return {
    Y: String(year),
    y: twoDigits(year % 100),
    m: twoDigits(month),
    d: twoDigits(day),
    e: String(day).padStart(2),
    H: twoDigits(hour),
    I: twoDigits(hour % 12 === 0 ? 12 : hour % 12),
    p: hour < 12 ? 'AM' : 'PM',
    M: twoDigits(minute),
    S: twoDigits(second),
    a: WEEKDAYS[weekday],
    b: MONTHS[month - 1],
    u: String(weekday === 0 ? 7 : weekday),
    w: String(weekday),
    j: String(dayOfYear(time)).padStart(3, '0'),
    F: dateText(time),
    T: clockText(time),
    R: `${twoDigits(hour)}:${twoDigits(minute)}`,
    s: String(Math.floor(seconds)),
    N: String(nanoseconds).padStart(9, '0'),
    Z: 'UTC',
    z: '+0000',
    n: '\n',
    t: '\t',
    '%': '%',
  };
}

function dayOfYear({ year, month, day }: CalendarTime): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 1 : 0;
  const lengths = [31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return lengths.slice(0, month - 1).reduce((sum, length) => sum + length, 0) + day;
}

export const uptime: Utility = {
  name: 'uptime',
  summary: 'say how long the kernel has been running',
  usage: '',
  options: '',
  help: "The machine's own time: on the emulated machine one instruction is a nanosecond, and sleeping costs what it says.",
  *run(tool) {
    const seconds = (yield* tool.sys.now()) / NS;
    const days = Math.floor(seconds / 86_400);
    const clock = clockText(calendarTime(seconds % 86_400));
    const fraction = (seconds % 1).toFixed(3).slice(1);
    const processes = yield* tool.sys.inspect((kernel) => kernel.processList().length);
    const count = processes < 0 ? '' : `, ${processes} processes`;
    yield* tool.print(`up ${days > 0 ? `${days} ${days === 1 ? 'day' : 'days'}, ` : ''}${clock}${fraction}${count}\n`);
    return 0;
  },
};

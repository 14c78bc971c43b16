/** Bugs that the kit must catch; planted by `node tools/kit-mutants.mjs scheduler`. */
const SCHEDULER = 'cpu-scheduler.ts';
const FAIR = 'internal/fair-policy.ts';
const PRIORITY = 'internal/priority-policy.ts';
const LEVELS = 'internal/level-queues.ts';
const HEAP = 'internal/virtual-time-heap.ts';
const AFFINITY = 'internal/affinity.ts';
const BALANCE = 'internal/balance.ts';
const PLACEMENT = 'internal/placement.ts';

export default [
  {
    name: 'a preempted thread is lost',
    file: SCHEDULER,
    find: 'if (contender === NONE) this.policyOf(previous).putBack(cpu, previous);',
    replace: '',
  },
  {
    name: 'a stolen thread stays where it was',
    file: PRIORITY,
    find: '        this.queues.remove(from, thread);\n        return thread;',
    replace: '        return thread;',
  },
  {
    name: 'stealing ignores affinity',
    file: FAIR,
    find: 'if (!this.affinity.allows(thread, to)) continue;',
    replace: '',
  },
  {
    name: 'placement ignores affinity',
    file: PLACEMENT,
    find: '      if (!affinity.allows(thread, cpu)) continue;\n',
    replace: '',
  },
  {
    name: 'a running thread keeps a CPU that it may no longer run on',
    file: SCHEDULER,
    find: 'if (this.affinity.allows(thread, cpu)) return thread;',
    replace: 'if (cpu >= 0) return thread;',
  },
  { name: 'wake does not preempt', file: SCHEDULER, find: 'if (isDue) this.decide[cpu] = 1;', replace: '' },
  { name: 'nobody steals', file: SCHEDULER, find: 'layer < LAYERS && this.cpus > 1', replace: 'layer < 0' },
  {
    name: 'wake overlooks idle CPUs',
    file: PLACEMENT,
    find: 'if (cpus === 1) return cpu;',
    replace: 'if (affinity.allows(thread, cpu)) return cpu;',
  },
  {
    name: 'waking twice queues twice',
    file: SCHEDULER,
    find: 'if (this.runnable[thread] !== 0) return NONE;\n    this.runnable[thread] = 1;',
    replace: 'this.runnable[thread] = 1;',
  },
  {
    name: 'a removed thread stays queued',
    file: SCHEDULER,
    find: '    this.stop(thread);\n    const cpu',
    replace: '    const cpu',
  },
  {
    name: 'the idle class runs before the fair one',
    file: SCHEDULER,
    find: '[REAL_TIME, REAL_TIME, FAIR, IDLE]',
    replace: '[REAL_TIME, REAL_TIME, IDLE, FAIR]',
  },
  { name: 'weights are ignored', file: FAIR, find: 'NICE_0_WEIGHT / weightOfNice(parameters.nice ?? 0)', replace: '1' },
  {
    name: 'nice is upside down',
    file: FAIR,
    find: 'weightOfNice(parameters.nice ?? 0)',
    replace: 'weightOfNice(-1 - (parameters.nice ?? 0))',
  },
  { name: 'sleep is saved up', file: FAIR, find: 'if (this.virtual[thread] < earliest)', replace: 'if (false)' },
  {
    name: 'every wake starts from the floor',
    file: FAIR,
    find: 'if (this.virtual[thread] < earliest)',
    replace: 'if (true)',
  },
  { name: 'slices of a fair thread never end', file: FAIR, find: 'this.leftNs[thread] -= consumed;', replace: '' },
  {
    name: 'a preempted FIFO thread goes to the back',
    file: PRIORITY,
    find: 'this.queues.pushFirst(cpu, previous, level);',
    replace: 'this.queues.pushLast(cpu, previous, level);',
  },
  {
    name: 'round robin does not turn',
    file: PRIORITY,
    find: 'level < own || (level === own && !isOver)',
    replace: 'level <= own',
  },
  {
    name: 'an empty level stays marked',
    file: LEVELS,
    find: '    this.occupied[word] &= ~(1 << (level & 31));',
    replace: '',
  },
  {
    name: 'removing the oldest of a level loses the others',
    file: LEVELS,
    find: 'if (this.head[at] === thread) this.head[at] = next;',
    replace: '',
  },
  {
    name: 'the heap overlooks the last child',
    file: HEAP,
    find: 'const end = child + 4 < this.size ? child + 4 : this.size;',
    replace: 'const end = child + 3 < this.size ? child + 3 : this.size;',
  },
  {
    name: 'CPUs from 32 on are those from 0 on',
    file: AFFINITY,
    find: 'this.rows[thread * this.width + (cpu >>> 5)]',
    replace: 'this.rows[thread * this.width]',
  },
  {
    name: 'busy CPUs do not balance',
    file: SCHEDULER,
    find: 'if (this.cpus > 1 && this.balance.isDue(cpu, now)) this.pull(cpu, now);',
    replace: '',
  },
  {
    name: 'the same thread is moved again and again',
    file: BALANCE,
    find: 'now - this.moved[thread] < STAY * periodNs',
    replace: 'false',
  },
  {
    name: 'balancing counts threads, not weight',
    file: BALANCE,
    find: 'this.load[cpu] += this.weight[thread];',
    replace: 'this.load[cpu] += 1024;',
  },
  {
    name: 'balancing does not look at affinity',
    file: PLACEMENT,
    find: 'const isAllowed = affinity.allows(thread, cpu);',
    replace: 'const isAllowed = true;',
  },
];

/**
 * Records which pages a guest program uses: it runs on the emulated machine, and every `interval` instructions the accessed
 * bits of its page tables are read and cleared. A page counts once for each interval in which its bit was set.
 *
 * Nothing of the kernel is asked: the recorder stands in front of the machine, learns the root tables from
 * `setAddressSpace`, shortens budgets so that it comes by in time, and walks Sv39 by itself.
 */
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { run } from '@veridian-os/veridian';
import { ACCESSES_PER_TICK, StreamBuilder } from './traces.mjs';

const VALID = 1;
const LEAF = 2 | 4 | 8;
const USER = 16;
const ACCESSED = 64;
const PAGE = 4096;

/** An object whose members are the target's, but for some. */
function overlaid(target, members) {
  return new Proxy(target, {
    get(_, name) {
      if (name in members) return members[name];
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** For machines with one CPU. */
class AccessRecorder {
  /** @param seen called with a key of every page that was accessed, then `interval()` */
  constructor(machine, intervalInstructions, seen, interval) {
    this.machine = machine;
    this.interval = intervalInstructions;
    this.left = intervalInstructions;
    this.seen = seen;
    this.ended = interval;
    this.spaces = new Map();
  }

  /** A machine for the kernel: the real one, with this in between. */
  wrapped() {
    const { machine } = this;
    const setAddressSpace = (context, root, asid) => {
      this.spaces.set(context, { root, asid });
      machine.contexts.setAddressSpace(context, root, asid);
    };
    const contexts = overlaid(machine.contexts, { setAddressSpace });
    const [cpu] = machine.cpus;
    const run = (context, budget) => {
      const trap = cpu.run(context, Math.min(budget, this.left));
      this.ran(context, trap.consumed);
      return trap;
    };
    return overlaid(machine, { contexts, cpus: [overlaid(cpu, { run })] });
  }

  ran(context, instructions) {
    this.left -= instructions;
    if (this.left > 0) return;
    this.left = this.interval;
    const space = this.spaces.get(context);
    if (space !== undefined) this.collect(space);
    this.ended();
  }

  collect({ root, asid }) {
    let cleared = false;
    this.walk(root, 2, 0, (words, at, page) => {
      if ((words[at] & ACCESSED) === 0) return;
      words[at] &= ~ACCESSED;
      cleared = true;
      this.seen(`${root}:${page}`);
    });
    if (cleared) this.machine.mmu.flushAddressSpace(asid);
  }

  walk(table, level, first, visit) {
    const region = this.machine.memory.find(({ base, length }) => table * PAGE >= base && table * PAGE < base + length);
    const start = (table * PAGE - region.base) / 4;
    for (let i = 0; i < 512; i++) {
      const low = region.u32[start + 2 * i];
      if ((low & VALID) === 0) continue;
      const page = first + i * 512 ** level;
      if ((low & LEAF) === 0) {
        const next = Math.floor(low / 1024) + (low < 0 ? 2 ** 22 : 0) + region.u32[start + 2 * i + 1] * 2 ** 22;
        this.walk(next, level - 1, page, visit);
      } else if ((low & USER) !== 0) visit(region.u32, start + 2 * i, page);
    }
  }
}

/**
 * @param program { name, bytes, options of `run` }
 * @param intervalsPerTick intervals that make a tick of the trace
 * @returns a trace, whose counts are scaled to 10,000 accesses a tick on average
 */
export async function record(program, { intervalInstructions = 20_000, intervalsPerTick = 32 } = {}) {
  const ids = new Map();
  const counted = [];
  let tick = new Map();
  let intervals = 0;
  let total = 0;
  const seen = (key) => {
    let id = ids.get(key);
    if (id === undefined) ids.set(key, (id = ids.size));
    tick.set(id, (tick.get(id) ?? 0) + 1);
    total++;
  };
  const ended = () => {
    if (++intervals % intervalsPerTick !== 0) return;
    counted.push(tick);
    tick = new Map();
  };
  const recorder = new AccessRecorder(
    EmulatedMachine.create({ memoryBytes: 256 << 20 }),
    intervalInstructions,
    seen,
    ended,
  );
  const result = await run(program.bytes, { ...program.options, machine: recorder.wrapped() });
  if (result.kind !== 'exit' || result.status !== 0) {
    const text = new TextDecoder().decode(result.stderr);
    throw new Error(`${program.name}: ended with ${result.kind} ${result.status}: ${text}`);
  }
  const pages = ids.size;
  const scale = (ACCESSES_PER_TICK * counted.length) / total;
  const builder = new StreamBuilder(pages);
  const ticks = counted.map((counts) => {
    for (const [page, count] of counts) builder.add(page, Math.max(1, Math.round(count * scale)));
    return [builder.take()];
  });
  return { name: program.name, pages, cpus: [0], ticks };
}

/** Several CPUs and one memory: shootdowns, atomics, code. */
import type { CpuId } from '@veridian-os/abi';
import { TrapKind } from '../trap.js';
import { check, equal } from './assert.js';
import { CODE, DATA, type Bench, type Program } from './bench.js';
import type { CaseGroup } from './case-group.js';
import {
  OTHER,
  LONG,
  FAR,
  FOREVER,
  ROUNDS,
  added,
  adder,
  comeBack,
  expectPageFault,
  point,
  stop,
  until,
  viewOf,
  word,
} from './cpus-tools.js';
import { RW } from './guest-space.js';
import { NOTHING, apply, leaf } from './mmu-tools.js';

export const cpuMemoryCases: CaseGroup = (tools) => {
  shootdownCases(tools);
  atomicCases(tools);
  codeCases(tools);
};

const shootdownCases: CaseGroup = ({ add, guest, features }) => {
  const spinning = (bench: Bench): Program => {
    const program = adder(bench);
    bench.machine.start(OTHER, program.context, LONG);
    until(bench, 'the page is in use', () => word(bench, program.dataFrame) > 0);
    return program;
  };

  add('shootdown: no store arrives after apply has taken the page', (bench) => {
    const program = spinning(bench);
    apply(bench, program.space, DATA, NOTHING);
    const last = word(bench, program.dataFrame);
    expectPageFault(comeBack(bench, OTHER), DATA);
    equal(word(bench, program.dataFrame), last, 'value when apply returned');
    equal(added(bench, program), last, 'additions that the program counted');
  });

  add('shootdown: a page that moves loses and doubles no store', (bench) => {
    const program = spinning(bench);
    const frames = [program.dataFrame, bench.memory.allocZeroed()];
    let total = 0;
    for (let i = 1; i <= 20; i++) {
      const [next = program.dataFrame, old = program.dataFrame] = [frames[i % 2], frames[(i + 1) % 2]];
      bench.memory.view(next).fill(0);
      apply(bench, program.space, DATA, leaf(guest, next, RW));
      total += word(bench, old);
      until(bench, 'the new page is in use', () => word(bench, next) > 0);
    }
    stop(bench, OTHER);
    total += word(bench, frames[0] ?? program.dataFrame);
    equal(added(bench, program), total, 'additions');
  });

  add('shootdown: a CPU that came back forgets before it runs again', (bench) => {
    const program = spinning(bench);
    stop(bench, OTHER);
    apply(bench, program.space, DATA, NOTHING);
    bench.machine.start(OTHER, program.context, LONG);
    expectPageFault(comeBack(bench, OTHER), DATA);
  });

  add('shootdown: a CPU that runs in another space meanwhile forgets too', (bench) => {
    const program = spinning(bench);
    stop(bench, OTHER);
    const elsewhere = adder(bench);
    bench.machine.start(OTHER, elsewhere.context, LONG);
    until(bench, 'the other space is in use', () => word(bench, elsewhere.dataFrame) > 0);
    apply(bench, program.space, DATA, NOTHING);
    bench.machine.mmu.flushAddressSpace(bench.space().asid);
    stop(bench, OTHER);
    bench.machine.start(OTHER, program.context, LONG);
    expectPageFault(comeBack(bench, OTHER), DATA);
  });

  add('shootdown: flushAddressSpace reaches a running CPU', (bench) => {
    const program = spinning(bench);
    // Written directly, which is not seen until the flush.
    const at = program.space.entryAddress(DATA);
    bench.memory.write32(at, 0);
    bench.machine.mmu.flushAddressSpace(program.space.asid);
    const last = word(bench, program.dataFrame);
    expectPageFault(comeBack(bench, OTHER), DATA);
    equal(word(bench, program.dataFrame), last, 'value when the flush returned');
  });

  if (!features.hardwareAccessedDirty) return;
  add('shootdown: an entry taken away shows every store as dirty', (bench) => {
    const program = spinning(bench);
    const clean = leaf(guest, program.dataFrame, { ...RW, accessed: false, dirty: false });
    apply(bench, program.space, DATA, NOTHING);
    comeBack(bench, OTHER);
    for (let i = 0; i < 200; i++) {
      const before = word(bench, program.dataFrame);
      apply(bench, program.space, DATA, clean);
      bench.machine.start(OTHER, program.context, LONG);
      for (let spin = 0; spin < (i % 20) * 50; spin++) if (word(bench, program.dataFrame) !== before) break;
      const old = apply(bench, program.space, DATA, NOTHING);
      if (word(bench, program.dataFrame) !== before) check(guest.tables.isDirty(old), `round ${i}: stored, not dirty`);
      expectPageFault(comeBack(bench, OTHER), DATA);
    }
  });
};

const atomicCases: CaseGroup = ({ add }) => {
  add('atomic additions of two CPUs give the exact total', (bench) => {
    const { machine } = bench;
    const frame = bench.memory.allocZeroed();
    const programs = [adder(bench, frame), adder(bench, frame)];
    const counts = (): number[] => programs.map((program) => added(bench, program));
    // A busy host may let one of them have all the time.
    for (let round = 0; round < ROUNDS && Math.min(...counts()) < ROUNDS; round++) {
      const goal = word(bench, frame) + 20 * ROUNDS;
      programs.forEach(({ context }, cpu) => machine.start(cpu as CpuId, context, LONG));
      until(bench, 'many additions', () => word(bench, frame) > goal);
      for (const { id } of machine.cpus) if (id < programs.length) machine.cpus[id]?.interrupt();
      const back = programs.map(() => machine.next(FOREVER)).sort();
      equal(back.join(), '0,1', 'CPUs that came back');
      equal(
        word(bench, frame),
        counts().reduce((sum, count) => sum + count),
        'total',
      );
    }
    check(Math.min(...counts()) >= ROUNDS, `both added: ${counts().join()}`);
  });

  add('atomic additions of a CPU and of the kernel give the exact total', (bench) => {
    const program = adder(bench);
    const view = viewOf(bench, program.dataFrame);
    const cells = new Int32Array(view.buffer, view.byteOffset, 2);
    bench.machine.start(OTHER, program.context, LONG);
    until(bench, 'the page is in use', () => Atomics.load(cells, 0) > 0);
    for (let i = 0; i < 100 * ROUNDS; i++) Atomics.add(cells, 0, 1);
    stop(bench, OTHER);
    equal(Atomics.load(cells, 0), 100 * ROUNDS + added(bench, program), 'total');
  });
};

const codeCases: CaseGroup = ({ add, guest }) => {
  const { code } = guest;
  const [value = 0, base = 0, one = 0, seen = 0, counter = 0] = guest.work;

  add('syncCode: a running CPU runs what was patched', (bench) => {
    // The loop counts, then jumps to the address in its cell: to itself, or to FAR, which jumps back.
    const body = [code.atomicAdd(seen, counter, one), code.load(64, value, base), code.jumpTo(value)];
    const program = bench.program(...body);
    const far = bench.place(program.space, FAR, [code.jump(CODE - FAR)]);
    bench.set(program.context, base, DATA);
    bench.set(program.context, counter, DATA + 64);
    bench.set(program.context, one, 1);
    const count = (): number =>
      bench.memory.read32((program.dataFrame * 4096 + 64) as Parameters<Bench['memory']['read32']>[0]);
    const turnsAfter = (address: number): void => {
      point(bench, program.dataFrame, 0, address);
      const before = count();
      until(bench, 'the loop turns', () => count() > before + 10);
    };
    point(bench, program.dataFrame, 0, CODE);
    bench.machine.start(OTHER, program.context, LONG);
    turnsAfter(FAR);
    turnsAfter(CODE);
    viewOf(bench, far).set(code.syscall());
    bench.machine.mmu.syncCode(far, 1);
    point(bench, program.dataFrame, 0, FAR);
    equal(comeBack(bench, OTHER).trap.kind, TrapKind.Syscall, 'kind');
  });
};

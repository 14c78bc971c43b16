/** Huge pages against a model that knows only bytes: whatever they do, the program's memory is what it wrote. */
import { describe, expect, it } from '@jest/globals';
import { EAGAIN, EINVAL, ENOMEM } from '@veridian-os/abi';
import type { Frame } from '@veridian-os/abi';
import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { AccessKind, FaultResult, createMemoryManager } from '@veridian-os/memory';
import type { HugePagePolicy, UserSpace } from '@veridian-os/memory';
import { FakeDisk, FakeMachine } from '@veridian-os/memory/testing';
import fc from 'fast-check';

const PAGE = 4096;
const BLOCK = 512;
const BASE = 0x4000_0000;
const PAGES = 3 * BLOCK;
const FRAMES = 4096;
const RW = 3;

const runs = Number(process.env.MEMORY_RUNS ?? 12);
const seed = process.env.MEMORY_SEED === undefined ? {} : { seed: Number(process.env.MEMORY_SEED) };

/** Mostly at the borders of blocks. */
const page = fc.oneof(fc.nat(PAGES - 1), fc.constantFrom(0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, PAGES - 1));
const count = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(BLOCK, 2 * BLOCK));
const space = fc.nat(3);
const kinds = [
  'advise',
  'refuse',
  'collapse',
  'protect',
  'discard',
  'unmap',
  'remap',
  'fork',
  'end',
  'reclaim',
  'migrate',
  'scan',
] as const;

type Command =
  | { readonly kind: 'write'; readonly space: number; readonly page: number; readonly value: number }
  | { readonly kind: (typeof kinds)[number]; readonly space: number; readonly page: number; readonly count: number };

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('write' as const), space, page, value: fc.integer({ min: 1, max: 255 }) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom(...kinds), space, page, count }) },
);

/** A space and what its mapped pages hold: the first byte. */
interface Pair {
  readonly real: UserSpace;
  readonly model: Map<number, number>;
}

class History {
  readonly machine = new FakeMachine({ regionFrames: [FRAMES], hardwareAccessedDirty: true });
  readonly memory;
  private readonly pairs: Pair[] = [];

  constructor(hugePages: HugePagePolicy) {
    const { machine } = this;
    this.memory = createMemoryManager({
      regions: machine.regions,
      mmu: machine.mmu,
      hardwareAccessedDirty: true,
      buddyFactory: (frameCount) => new BuddyAllocator({ frameCount }),
      waitPort: machine.waitPort,
      swap: new FakeDisk(machine, { pages: 2 * FRAMES }),
      hugePages,
    });
    const real = this.memory.createSpace('linux') as UserSpace;
    this.pairs.push({ real, model: new Map() });
    this.map(this.pairs[0], 0, PAGES);
  }

  run(given: Command): void {
    const pair = this.pairs[given.space % this.pairs.length];
    if (given.kind === 'write') this.write(pair, given.page, given.value);
    else this.change(pair, given.kind, given.page, Math.min(given.count, PAGES - given.page));
    this.machine.checkTranslations();
    for (const { real, model } of this.pairs) {
      expect(real.virtualBytes).toBe(model.size * PAGE);
      expect(real.hugeBytes / PAGE).toBeLessThanOrEqual(real.residentFrames);
    }
  }

  end(): void {
    for (const { real, model } of this.pairs) for (const [at, value] of model) expect(this.byte(real, at)).toBe(value);
    for (const { real } of this.pairs) real.destroy();
    expect(this.memory.frames.freeFrames).toBe(FRAMES);
    expect(this.memory.statistics()).toMatchObject({ tableFrames: 0, freeSwapPages: 2 * FRAMES });
  }

  private map({ real, model }: Pair, first: number, pages: number): void {
    const request = { address: BASE + first * PAGE, length: pages * PAGE, prot: RW, shared: false } as const;
    expect(real.map({ ...request, placement: 'replace' })).toBe(request.address);
    for (let i = 0; i < pages; i++) model.set(first + i, 0);
  }

  private change(pair: Pair, kind: (typeof kinds)[number], first: number, pages: number): void {
    const { real, model } = pair;
    const address = BASE + first * PAGE;
    const bytes = pages * PAGE;
    const mapped = Array.from({ length: pages }, (_, i) => first + i).filter((at) => model.has(at));
    const whole = mapped.length === pages ? 0 : ENOMEM;
    switch (kind) {
      case 'advise':
      case 'refuse':
        return void expect(real.setHuge(address, bytes, kind === 'advise')).toBe(whole);
      case 'collapse':
        return void expect(whole === 0 ? [0, EINVAL, EAGAIN, ENOMEM] : [ENOMEM]).toContain(
          real.collapse(address, bytes),
        );
      case 'protect':
        expect(real.protect(address, bytes, 1)).toBe(whole);
        return void expect(real.protect(address, bytes, RW)).toBe(whole);
      case 'discard':
        expect(real.discard(address, bytes)).toBe(whole);
        for (const at of mapped) model.set(at, 0);
        return;
      case 'unmap':
        expect(real.unmap(address, bytes)).toBe(0);
        for (const at of mapped) model.delete(at);
        return;
      case 'remap':
        return this.map(pair, first, pages);
      case 'fork':
        if (this.pairs.length < 3) this.pairs.push({ real: real.fork() as UserSpace, model: new Map(model) });
        return;
      case 'end':
        if (this.pairs.length > 1) this.pairs.splice(this.pairs.indexOf(pair), 1)[0].real.destroy();
        return;
      case 'reclaim':
        return void this.memory.reclaim(pages);
      case 'scan':
        return void this.memory.collapsePages(pages);
      case 'migrate':
        return this.migrate(first, pages);
    }
  }

  /** Moves every seventh frame that can be moved. */
  private migrate(first: number, pages: number): void {
    const { memory, machine } = this;
    for (let i = 0; i < pages; i++) {
      const from = (machine.regions[0].base / PAGE + ((first + 7 * i) % FRAMES)) as Frame;
      const to = memory.frames.alloc() as Frame;
      if (to < 0) return;
      if (!memory.migrate(from, to)) memory.frames.release(to);
    }
  }

  private write({ real, model }: Pair, at: number, value: number): void {
    const address = BASE + at * PAGE;
    if (!model.has(at)) return void expect(real.fault(address, AccessKind.Write)).toBe(FaultResult.NoMapping);
    for (let tries = 0; this.machine.store(real, address, value) < 0 && tries < 4; tries++) {
      if (real.fault(address, AccessKind.Write) === FaultResult.WouldBlock) this.memory.balance();
    }
    expect(this.machine.load(real, address)).toBe(value);
    model.set(at, value);
  }

  private byte(real: UserSpace, at: number): number {
    const into = new Uint8Array(1);
    for (let tries = 0; real.read(BASE + at * PAGE, into) < 0 && tries < 4; tries++) this.memory.balance();
    return into[0];
  }
}

describe('huge pages against a model of bytes', () => {
  it.each(['always', 'madvise'] as const)('policy %s', (policy) => {
    let huge = 0;
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40, size: 'max' }), (commands) => {
        const history = new History(policy);
        history.run({ kind: 'advise', space: 0, page: 0, count: PAGES });
        history.run({ kind: 'write', space: 0, page: BLOCK, value: 1 });
        for (const each of commands) history.run(each);
        huge += history.memory.statistics().hugeFaults;
        history.end();
      }),
      { numRuns: runs, ...seed },
    );
    expect(huge).toBeGreaterThan(0);
  });
});

/** After a random series of page-table edits each page answers as the model says. */
import fc from 'fast-check';
import { PAGE_SIZE, type Frame, type MmuEdits, type PhysAddr } from '@veridian-os/abi';
import { Access, FaultKind, TrapKind } from '../trap.js';
import { pageEdit, type PageEdit } from './arbitraries.js';
import { equal } from './assert.js';
import { CODE, expectFault, expectKind, type Bench, type Program } from './bench.js';
import type { CaseGroup } from './case-group.js';
import type { Entry, GuestIsa } from './guest-isa.js';
import { WindowModel } from './models.js';
import { NOTHING, leaf } from './mmu-tools.js';

const SPACES = 2;
const PAGES = 6;
const FRAMES = 4;
/** Three pages on either side of a border between two tables. */
const WINDOW = 0x40000000 - 3 * PAGE_SIZE;
/** Where accesses look in a page, behind the code at its start. */
const WORD = 128;

interface Probe {
  readonly space: number;
  readonly page: number;
  readonly access: Access;
}

interface Step {
  readonly space: number;
  readonly edit: PageEdit;
  /** A page that was not present is written straight to memory. */
  readonly direct: boolean;
  /** The batch ends here. */
  readonly apply: boolean;
  readonly probes: readonly Probe[];
}

const space = fc.nat(SPACES - 1);
const probe = fc.record({ space, page: fc.nat(PAGES - 1), access: fc.constantFrom(...Object.values(Access)) });

const steps = ({ permissionSets }: GuestIsa): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      space,
      edit: pageEdit({ pages: PAGES, frames: FRAMES, permissions: permissionSets }),
      direct: fc.boolean(),
      apply: fc.boolean(),
      probes: fc.array(probe, { maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 24, size: 'max' },
  );

export const randomEditCases: CaseGroup = ({ add, guest }) => {
  add('after random edits in two address spaces every page answers as the model says', (bench) => {
    const rig = new EditRig(bench, guest);
    const property = fc.property(steps(guest), (series) => {
      rig.clear();
      for (const step of series) rig.step(step);
      rig.apply();
      rig.probeAll();
    });
    fc.assert(property, { numRuns: 40 });
  });
};

/** Two spaces that show the same frames, their models, and a batch of edits on its way. */
class EditRig {
  private readonly bench: Bench;
  private readonly guest: GuestIsa;
  private readonly frames: readonly Frame[];
  /** Expected word of each frame. */
  private readonly words: number[];
  private readonly programs: readonly Program[];
  private models: readonly WindowModel[] = [];
  private readonly edits: MmuEdits;
  /** Entries that the batch replaces, as the tables have them until it is applied. */
  private replaced: Entry[] = [];
  private stores = 0;

  constructor(bench: Bench, guest: GuestIsa) {
    const { code } = guest;
    const [value = 0, base = 0, stored = 0] = guest.work;
    this.bench = bench;
    this.guest = guest;
    this.edits = bench.edits(SPACES * PAGES);
    this.frames = Array.from({ length: FRAMES }, () => bench.memory.allocZeroed());
    this.words = this.frames.map((_, index) => 0x1000 + index);
    this.frames.forEach((frame, index) => {
      const own = [...code.add(value, value, index + 1), ...code.syscall()];
      bench.memory.view(frame).set(own);
      bench.machine.mmu.syncCode(frame, 1);
      bench.memory.write32(this.wordOf(index), this.words[index]);
    });
    this.programs = Array.from({ length: SPACES }, () =>
      bench.program(
        ...[code.load(32, value, base), code.syscall()],
        ...[code.store(32, stored, base), code.syscall()],
        code.jumpTo(base),
      ),
    );
    this.clear();
  }

  /** Unmaps everything, through the same batches. */
  clear(): void {
    this.edits.count = 0;
    this.replaced = [];
    this.models.forEach((model, which) =>
      model.pages.forEach((mapped, page) => mapped && this.enqueue(which, page, undefined)),
    );
    this.bench.machine.mmu.apply(this.edits);
    this.edits.count = 0;
    this.replaced = [];
    this.models = Array.from({ length: SPACES }, () => new WindowModel(PAGES));
  }

  step({ space: which, edit, direct, apply, probes }: Step): void {
    const model = this.models[which];
    if (this.edits.count + 2 > this.edits.capacity) this.apply();
    const wasMapped = model.pages.map((mapped) => mapped !== undefined);
    for (const page of model.edit(edit)) {
      if (direct && !wasMapped[page] && this.edits.count === 0) this.writeDirectly(which, page);
      else this.enqueue(which, page, model.pages[page]);
    }
    if (!apply) return;
    this.apply();
    for (const each of probes) this.probe(each);
  }

  /** Applies the batch and compares what it says was there before. */
  apply(): void {
    const { edits, guest, replaced } = this;
    this.bench.machine.mmu.apply(edits);
    replaced.forEach((before, index) => {
      const was = guest.tables.frame(before[0], before[1]);
      equal(guest.tables.frame(edits.oldLo[index], edits.oldHi[index]), was, `frame in the old entry of edit ${index}`);
    });
    edits.count = 0;
    this.replaced = [];
  }

  probeAll(): void {
    for (let which = 0; which < SPACES; which++) {
      for (let page = 0; page < PAGES; page++) {
        for (const access of Object.values(Access)) this.probe({ space: which, page, access });
      }
    }
  }

  private probe({ space: which, page, access }: Probe): void {
    const { bench, guest } = this;
    const [value = 0, base = 0, stored = 0] = guest.work;
    const { context } = this.programs[which];
    const at = WINDOW + page * PAGE_SIZE + (access === Access.Execute ? 0 : WORD);
    bench.set(context, value, 0);
    bench.set(context, base, at);
    bench.set(context, stored, 0x2000 + ++this.stores);
    bench.setPc(context, this.entryPoint(access));
    const frame = this.models[which].reach(page, access);
    const result = bench.run(context);
    if (frame === undefined) return expectFault(result, FaultKind.Page, access, at);
    expectKind(result, TrapKind.Syscall);
    if (access === Access.Write) this.words[frame] = 0x2000 + this.stores;
    const seen = { [Access.Read]: this.words[frame], [Access.Write]: 0, [Access.Execute]: frame + 1 }[access];
    const what = `page ${page} of space ${which}`;
    equal(bench.get(context, value)[0], seen, what);
    equal(bench.memory.read32(this.wordOf(frame)), this.words[frame], `frame ${frame} at ${what}`);
  }

  private entryPoint(access: Access): number {
    const { code } = this.guest;
    const each = code.load(32, this.guest.work[0], this.guest.work[1]).length + code.syscall().length;
    const second = code.store(32, this.guest.work[2], this.guest.work[1]).length + code.syscall().length;
    return CODE + [0, each, each + second][access];
  }

  private writeDirectly(which: number, page: number): void {
    const mapped = this.models[which].pages[page];
    if (mapped === undefined) return;
    this.programs[which].space.map(WINDOW + page * PAGE_SIZE, this.frames[mapped.frame], mapped.permissions);
  }

  private enqueue(which: number, page: number, mapped: WindowModel['pages'][number]): void {
    const { space } = this.programs[which];
    const at = WINDOW + page * PAGE_SIZE;
    const value = mapped === undefined ? NOTHING : leaf(this.guest, this.frames[mapped.frame], mapped.permissions);
    const place = space.entryAddress(at);
    const earlier = this.edits.entry.lastIndexOf(place, this.edits.count - 1);
    const pending = this.edits.count > 0 && earlier >= 0;
    this.replaced.push(pending ? [this.edits.valueLo[earlier], this.edits.valueHi[earlier]] : space.entry(at));
    space.edit(this.edits, at, value);
  }

  private wordOf(frame: number): PhysAddr {
    return (this.frames[frame] * PAGE_SIZE + WORD) as PhysAddr;
  }
}

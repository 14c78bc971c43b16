/** Runs histories of address spaces on an implementation and on {@link ModelSpace} side by side. */
import { EEXIST, EFAULT, EINVAL, ENOMEM, PAGE_SIZE, WOULD_BLOCK, type Frame } from '@veridian-os/abi';
import { AccessKind, FaultResult, PROT_READ, PROT_WRITE } from '../api.js';
import type { MemoryManager, PageSource, UserSpace } from '../api.js';
import { check, equal } from './assert.js';
import { FAULT } from './fake-machine.js';
import type { FakeMachine } from './fake-machine.js';
import type { FakeDisk } from './fake-disk.js';
import { FakeFile } from './fake-file.js';
import { ModelFile, ModelSpace, PROBES } from './model-space.js';
import type { ModelPage } from './model-space.js';
import { FILE_PAGES, FIRST_PAGE, PAGES } from './space-commands.js';
import type { SpaceCommand } from './space-commands.js';

interface Pair {
  readonly real: UserSpace;
  readonly model: ModelSpace;
}

/** A page that waits for a file, for frames and for the swap area comes within as many attempts. */
const ATTEMPTS = 16;

/** Spaces alive in both worlds, and the files that they map. */
export class SpaceHistory {
  private readonly machine: FakeMachine;
  private readonly manager: MemoryManager;
  private readonly pairs: Pair[] = [];
  private readonly files: { readonly model: ModelFile; readonly real: PageSource }[] = [];
  private readonly file: FakeFile;
  private readonly region: PageSource;
  private readonly disk: FakeDisk | undefined;

  /**
   * `slow`: pages of the file answer WOULD_BLOCK at first; `peeks`: it offers `peek`.
   * @param disk the manager's swap area
   */
  constructor(
    machine: FakeMachine,
    manager: MemoryManager,
    options: { slow: boolean; peeks: boolean },
    disk?: FakeDisk,
  ) {
    this.machine = machine;
    this.manager = manager;
    this.disk = disk;
    this.file = new FakeFile(manager.frames, manager.bytes, {
      pages: FILE_PAGES - 2,
      ...options,
    });
    const region = manager.createRegion((FILE_PAGES - 2) * PAGE_SIZE);
    if (typeof region === 'number') throw new Error(`createRegion: ${region}`);
    this.region = region;
    const model = new ModelFile(this.file.label, this.file.ino, FILE_PAGES - 2, (index) => FakeFile.pattern(index));
    this.files.push({ model, real: this.file });
    this.files.push({ model: new ModelFile(region.label, 0, FILE_PAGES - 2, () => 0), real: region });
    this.addSpace(manager.createSpace('linux'), new ModelSpace());
  }

  /** Runs a command on both and compares. @throws Error at the first difference */
  run(command: SpaceCommand): void {
    const pair = this.pairs[command.space % this.pairs.length];
    this.execute(pair, command);
    this.machine.checkTranslations();
    for (const { real, model } of this.pairs) {
      equal(JSON.stringify(real.mappings()), JSON.stringify(model.mappings()), 'mappings');
      equal(real.virtualBytes, model.pages.size * PAGE_SIZE, 'virtualBytes');
      equal(real.committedBytes, model.committedPages() * PAGE_SIZE, 'committedBytes');
      check(real.residentFrames + real.swappedPages <= model.pages.size, 'no more pages than mapped ones');
    }
    const promised = this.pairs.reduce((sum, { real }) => sum + real.committedBytes, 0);
    equal(this.manager.commit.committed, promised, 'what all spaces were promised');
    const tables = this.pairs.reduce((sum, { model }) => sum + model.tables(), 0);
    check(this.manager.statistics().tableFrames <= tables, 'no table without a mapping');
  }

  /** Destroys everything. Afterwards every frame is free again. */
  end(): void {
    for (const pair of this.pairs) this.sweep(pair);
    for (const { real } of this.pairs) real.destroy();
    equal(this.file.references, 0, "the mappings' references to the file");
    equal(this.file.watchers, 0, 'mappings that watch the file');
    this.file.evict();
    this.region.release();
    while ((this.disk?.complete() ?? 0) > 0);
    const { swapPages, freeSwapPages } = this.manager.statistics();
    equal(freeSwapPages, swapPages, 'free slots after everything was destroyed');
  }

  /** What a kernel does between operations. @returns false when nothing can make a frame free */
  private settle(): boolean {
    const done = this.disk?.complete() ?? 0;
    return this.manager.balance() || done > 0;
  }

  /** Operations may fail for want of frames now; with a swap area a small memory may take away what it has just brought. */
  private get isShort(): boolean {
    const { freeFrames, totalFrames } = this.manager.frames;
    return this.disk === undefined ? freeFrames < 4 : totalFrames < 64;
  }

  private truncate(pages: number): void {
    const [{ model }] = this.files;
    this.file.truncate(pages);
    model.truncate(pages);
    for (const pair of this.pairs) pair.model.truncated(model);
  }

  /** Reads, and fetches where that is allowed, every page. */
  private sweep(pair: Pair): void {
    for (let i = 0; i < PAGES; i++) {
      this.access(pair, i, 1, AccessKind.Read, 0);
      this.access(pair, i, 1, AccessKind.Execute, 0);
    }
  }

  private addSpace(real: UserSpace | number, model: ModelSpace): void {
    if (typeof real === 'number') equal(real, ENOMEM, 'space');
    else this.pairs.push({ real, model });
  }

  private execute(pair: Pair, command: SpaceCommand): void {
    const { real, model } = pair;
    switch (command.kind) {
      case 'map':
        return this.map(pair, command);
      case 'unmap':
        model.unmap(FIRST_PAGE + command.page, command.count);
        return equal(real.unmap(at(command.page), command.count * PAGE_SIZE), 0, 'unmap');
      case 'discard': {
        const whole = model.covers(FIRST_PAGE + command.page, command.count);
        model.discard(FIRST_PAGE + command.page, command.count);
        return equal(real.discard(at(command.page), command.count * PAGE_SIZE), whole ? 0 : ENOMEM, 'discard');
      }
      case 'protect': {
        const whole = model.covers(FIRST_PAGE + command.page, command.count);
        if (whole) model.protect(FIRST_PAGE + command.page, command.count, command.prot);
        const result = real.protect(at(command.page), command.count * PAGE_SIZE, command.prot);
        return equal(result, whole ? 0 : ENOMEM, 'protect');
      }
      case 'remap':
        return this.remap(pair, command);
      case 'fork':
        if (this.pairs.length < 4) this.addSpace(real.fork(), model.fork());
        return;
      case 'destroy':
        if (this.pairs.length < 2) return;
        this.pairs.splice(this.pairs.indexOf(pair), 1);
        return real.destroy();
      case 'access':
        return this.access(pair, command.page, command.probe, command.access, command.value);
      case 'copy':
        return command.write ? this.write(pair, command) : this.read(pair, command.page, command.count);
      case 'sweep':
        return this.sweep(pair);
      case 'truncate':
        return this.truncate(command.pages);
      case 'mergeable': {
        const whole = model.covers(FIRST_PAGE + command.page, command.count);
        if (whole) model.setMergeable(FIRST_PAGE + command.page, command.count);
        const result = real.setMergeable(at(command.page), command.count * PAGE_SIZE, true);
        return equal(result, whole ? 0 : ENOMEM, 'setMergeable');
      }
      case 'merge':
        return void this.manager.mergePages(this.manager.frames.totalFrames * 2);
      case 'migrate':
        return this.migrate(command.page, command.count);
      case 'reclaim':
        check(this.manager.reclaim(command.count) <= command.count, 'reclaim: no more than asked for');
        if (command.complete) this.disk?.complete();
        return;
    }
  }

  /** Moves some frames elsewhere; nobody notices. */
  private migrate(first: number, count: number): void {
    const { frames } = this.manager;
    const region = this.machine.regions[first % this.machine.regions.length];
    for (let i = 0; i < count; i++) {
      const from = (region.base / PAGE_SIZE + ((first + i * 7) % (region.length / PAGE_SIZE))) as Frame;
      const to = frames.alloc();
      if (to < 0) return;
      if (!this.manager.migrate(from, to as Frame)) frames.release(to as Frame);
      else equal(frames.references(from), 0, 'references to a frame that was moved');
    }
  }

  private map({ real, model }: Pair, command: SpaceCommand & { kind: 'map' }): void {
    const { count: pages, placement, prot: protection, backing } = command;
    const first = FIRST_PAGE + command.page;
    const free = model.isHole(first, pages);
    const source = [undefined, this.files[0], this.files[0], this.files[1]][backing];
    const result = real.map({
      address: at(command.page),
      length: pages * PAGE_SIZE - 5,
      prot: protection,
      shared: backing >= 2,
      offset: source === undefined ? 0 : command.filePage * PAGE_SIZE,
      placement,
      ...(source === undefined ? {} : { source: source.real }),
    });
    if (placement === 'exact' && !free) return equal(result, EEXIST, 'map exactly over a mapping');
    check(result >= 0 && result % PAGE_SIZE === 0, `map: ${result}`);
    if (placement !== 'hint' || free) equal(result, at(command.page), 'address of the mapping');
    if (placement === 'hint') check(model.isHole(result / PAGE_SIZE, pages), `map: ${result} is in use`);
    const modelPage: Omit<ModelPage, 'own'> = {
      prot: protection,
      shared: backing >= 2,
      file: source?.model ?? null,
      index: source === undefined ? 0 : command.filePage,
    };
    if (modelPage.file === null) {
      model.unmap(result / PAGE_SIZE, pages);
      for (let i = 0; i < pages; i++) model.map(result / PAGE_SIZE + i, 1, modelPage);
    } else model.map(result / PAGE_SIZE, pages, modelPage);
  }

  private remap({ real, model }: Pair, command: SpaceCommand & { kind: 'remap' }): void {
    const { count: pages, newCount, mayMove, target } = command;
    const from = FIRST_PAGE + command.page;
    const result = real.remap(
      at(command.page),
      pages * PAGE_SIZE,
      newCount * PAGE_SIZE,
      mayMove,
      target === null ? undefined : at(target),
    );
    const mapping = model.mappings().find(({ start, end }) => start <= at(command.page) && at(command.page) < end);
    if (mapping === undefined || at(command.page + pages) > mapping.end) return equal(result, EFAULT, 'remap');
    if (pages === 0 && (!mapping.shared || !mayMove)) return equal(result, EINVAL, 'remap of length 0');
    if (target !== null) {
      const overlap = target < command.page + pages && command.page < target + newCount;
      if (!mayMove || overlap) return equal(result, EINVAL, 'remap to a bad target');
    }
    const inPlace = target === null && pages > 0 && this.fits(model, mapping.end, command);
    if (target === null && !inPlace && !mayMove) return equal(result, ENOMEM, 'remap without room');
    if (result === ENOMEM) return check(this.manager.frames.freeFrames < 8, 'remap: ENOMEM only without frames');
    check(result >= 0 && result % PAGE_SIZE === 0, `remap: ${result}`);
    if (inPlace) equal(result, at(command.page), 'remap in place');
    else if (target !== null) equal(result, at(target), 'remap to a fixed address');
    else check(model.isHole(result / PAGE_SIZE, newCount), 'remap: moved into a hole');
    model.remap(from, pages, result / PAGE_SIZE, newCount);
  }

  private fits(model: ModelSpace, mappingEnd: number, command: SpaceCommand & { kind: 'remap' }): boolean {
    const growth = command.newCount - command.count;
    if (growth <= 0) return true;
    const end = FIRST_PAGE + command.page + command.count;
    return mappingEnd === end * PAGE_SIZE && model.isHole(end, growth);
  }

  /** An access by the guest: faults until it succeeds or the kernel refuses. */
  private access({ real, model }: Pair, number: number, probe: number, access: AccessKind, byte: number): void {
    const address = at(number) + PROBES[probe];
    const expected = model.access(FIRST_PAGE + number, access);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const got = this.tryAccess(real, address, access, byte);
      if (got !== FAULT) {
        equal(expected, FaultResult.Handled, `access ${access} to page ${number} succeeded; expected`);
        if (access === AccessKind.Write) return model.write(FIRST_PAGE + number, probe, byte);
        return equal(got, model.content(FIRST_PAGE + number)[probe], `byte of page ${number}, access ${access}`);
      }
      const result = real.fault(address, access);
      if (result === FaultResult.WouldBlock) {
        if (this.disk === undefined) equal(real.faultQueue, this.file.ioQueue, 'faultQueue');
        if (!this.settle()) return check(this.isShort, 'waits for frames');
      } else if (result === FaultResult.OutOfMemory) return check(this.isShort, 'out of memory');
      else if (result !== FaultResult.Handled) return equal(result, expected, `fault ${access} on page ${number}`);
    }
    if (this.disk !== undefined && this.isShort) return;
    throw new Error(`access ${access} to page ${number} still faults after ${ATTEMPTS} faults`);
  }

  /** Repeats what would block; ENOMEM when it waits for frames that nothing makes free. */
  private patiently(operation: () => number): number {
    let result = operation();
    for (let tries = 0; result === WOULD_BLOCK && tries < ATTEMPTS; tries++) {
      if (!this.settle()) return ENOMEM;
      result = operation();
    }
    return result === WOULD_BLOCK && this.isShort ? ENOMEM : result;
  }

  private tryAccess(real: UserSpace, address: number, access: AccessKind, byte: number): number {
    if (access === AccessKind.Write) return this.machine.store(real, address, byte);
    return access === AccessKind.Read ? this.machine.load(real, address) : this.machine.fetch(real, address);
  }

  /** The kernel writes one byte to each probe 1 of consecutive pages, in one call that spans them. */
  private write(pair: Pair, command: SpaceCommand & { kind: 'copy' }): void {
    const { real, model } = pair;
    const last = FIRST_PAGE + command.page + command.count - 1;
    const bytes = new Uint8Array((command.count - 1) * PAGE_SIZE + 1).fill(command.value);
    let expected: number = 0;
    for (let n = FIRST_PAGE + command.page; n <= last && expected === 0; n++) {
      if (model.access(n, AccessKind.Write) !== FaultResult.Handled) expected = EFAULT;
    }
    if (expected !== 0) return this.writeRefused(pair, command.page, bytes);
    const result = this.patiently(() => real.write(at(command.page) + PROBES[1], bytes));
    if (result === ENOMEM) return this.forget(pair, command);
    equal(result, 0, 'write');
    for (let n = FIRST_PAGE + command.page; n <= last; n++) {
      // The run begins at probe 1 of the first page, covers all of the middle ones and ends at probe 1 of the last.
      if (n > FIRST_PAGE + command.page) model.write(n, 0, command.value);
      model.write(n, 1, command.value);
      if (n < last) model.write(n, 2, command.value);
    }
  }

  /**
   * Without frames the first pages may have been written: they are dropped in both worlds, and what the write left in a
   * file is taken over.
   */
  private forget({ real, model }: Pair, { page: first, count: pages }: { page: number; count: number }): void {
    check(this.isShort, 'write: ENOMEM only without frames');
    for (let n = FIRST_PAGE + first; n < FIRST_PAGE + first + pages; n++) {
      const { shared, file, index } = model.pages.get(n) as ModelPage;
      const frame = this.files.find((candidate) => candidate.model === file)?.real.page(index, false) ?? -1;
      if (!shared || file === null || frame < 0) continue;
      const bytes = this.manager.bytes.view(frame as Frame);
      file.write(
        index,
        PROBES.map((offset) => bytes[offset]),
      );
    }
    model.unmap(FIRST_PAGE + first, pages);
    equal(real.unmap(at(first), pages * PAGE_SIZE), 0, 'unmap');
  }

  /** Checks the answer where the first page refuses; a later one would leave the earlier pages written. */
  private writeRefused({ real, model }: Pair, first: number, bytes: Uint8Array): void {
    if (model.access(FIRST_PAGE + first, AccessKind.Write) === FaultResult.Handled) return;
    const result = this.patiently(() => real.write(at(first) + PROBES[1], bytes));
    if (result === ENOMEM) check(this.isShort, 'write: ENOMEM only without frames');
    else equal(result, EFAULT, 'write to a forbidden page');
  }

  private read({ real, model }: Pair, first: number, pages: number): void {
    const numbers = Array.from({ length: pages }, (_, i) => FIRST_PAGE + first + i);
    const readable = numbers.every((n) => {
      const mapped = model.pages.get(n);
      const allowed = mapped !== undefined && (mapped.prot & (PROT_READ | PROT_WRITE)) !== 0;
      return allowed && model.access(n, AccessKind.Read) === FaultResult.Handled;
    });
    const out: Uint8Array<ArrayBufferLike>[] = [];
    const result = this.patiently(() => real.segments(at(first), pages * PAGE_SIZE, AccessKind.Read, out));
    if (result === ENOMEM) return check(this.isShort, 'segments: ENOMEM only without frames');
    if (!readable) {
      equal(out.length, 0, 'segments of a bad range');
      return equal(result, EFAULT, 'segments of a bad range');
    }
    equal(result, pages * PAGE_SIZE, 'segments');
    const bytes = new Uint8Array(pages * PAGE_SIZE);
    let filled = 0;
    for (const part of out) {
      bytes.set(part, filled);
      filled += part.length;
    }
    equal(filled, bytes.length, 'bytes of all segments');
    const copy = new Uint8Array(bytes.length);
    equal(real.read(at(first), copy), 0, 'read');
    for (const [i, n] of numbers.entries()) {
      for (const [probe, offset] of PROBES.entries()) {
        equal(bytes[i * PAGE_SIZE + offset], model.content(n)[probe], `segment byte of page ${n}`);
        equal(copy[i * PAGE_SIZE + offset], model.content(n)[probe], `read byte of page ${n}`);
      }
    }
  }
}

function at(relativePage: number): number {
  return (FIRST_PAGE + relativePage) * PAGE_SIZE;
}

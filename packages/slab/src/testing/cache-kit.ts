import { ENOMEM, isErrno } from '@veridian-os/abi';
import fc from 'fast-check';
import type { ObjectAddress } from '../api.js';
import { check, equal, panics, type TestFramework } from './assert.js';
import {
  cacheScenario,
  compareState,
  finishRun,
  runCommand,
  startRun,
  type CacheFactory,
  type CacheUnderTest,
} from './commands.js';
import { runExhaustively } from './exhaustive.js';
import { runRandomCommands } from './random-run.js';

export type { TestFramework } from './assert.js';

type It = TestFramework['it'];

/** Registers the conformance cases of any {@link ObjectAllocator}. */
export function cacheKit({ describe, it }: TestFramework, create: CacheFactory): void {
  describe('object cache', () => {
    objectCases(it, create);
    refusalCases(it, create);
    memoryCases(it, create);
    constructorCases(it, create);
    modelCases(it, create);
  });
}

const plain = { size: 64, align: 8, frameCount: 16, cpuCount: 2 };

/** All objects that can be had. */
function takeAll({ cache }: CacheUnderTest, cpu = 0): ObjectAddress[] {
  const taken: ObjectAddress[] = [];
  for (let got = cache.alloc(cpu); !isErrno(got); got = cache.alloc(cpu)) taken.push(got);
  return taken;
}

function objectCases(it: It, create: CacheFactory): void {
  it('hands out objects that are aligned, apart and in memory, for every size and alignment', () => {
    for (const size of [1, 7, 8, 9, 24, 64, 100, 192, 1000, 2049, 4096, 5000]) {
      for (const align of [8, 32, 128, 4096]) {
        const subject = create({ size, align, frameCount: 8, cpuCount: 1 });
        check(subject.cache.size >= size, `size: expected at least ${size}, got ${subject.cache.size}`);
        const taken = takeAll(subject).sort((a, b) => a - b);
        check(taken.length > 0, `objects of ${size} bytes, aligned to ${align}: got none`);
        taken.forEach((address, i) => {
          equal(address % align, 0, `alignment of ${address}`);
          const end = taken[i + 1] ?? subject.memory.length;
          check(address + subject.cache.size <= end, `${address} of ${subject.cache.size} bytes reaches beyond ${end}`);
        });
        equal(subject.cache.liveObjects, taken.length, 'liveObjects');
      }
    }
  });

  it('uses every byte of an object as the user left it, until it is freed', () => {
    const { cache, memory } = create(plain);
    const a = cache.alloc() as ObjectAddress;
    const b = cache.alloc() as ObjectAddress;
    memory.fill(0x11, a, a + cache.size);
    memory.fill(0x22, b, b + cache.size);
    cache.free(b);
    cache.alloc(1);
    for (let at = a as number; at < a + cache.size; at++) equal(memory[at], 0x11, `byte ${at - a} of the other object`);
  });

  it('takes and frees in bulk, all or nothing', () => {
    const { cache } = create({ ...plain, frameCount: 4 });
    const out = new Uint32Array(2000);
    equal(cache.allocBulk(out, 0), 0, 'allocBulk of none');
    equal(cache.allocBulk(out, 100), 100, 'allocBulk');
    equal(new Set(out.subarray(0, 100)).size, 100, 'different objects');
    equal(cache.allocBulk(out.subarray(100), 1500), ENOMEM, 'allocBulk of more than there are');
    equal(cache.liveObjects, 100, 'liveObjects after the refusal');
    cache.freeBulk(out, 100, 1);
    equal(cache.liveObjects, 0, 'liveObjects');
  });
}

function refusalCases(it: It, create: CacheFactory): void {
  it('panics on a double free, on every CPU and after any number of other frees', () => {
    for (const between of [0, 1, 5, 70, 300]) {
      const subject = create(plain);
      const { cache } = subject;
      const taken = takeAll(subject);
      const [victim] = taken;
      cache.free(victim);
      for (let i = 1; i <= between; i++) cache.free(taken[i], i % 2);
      for (const cpu of [0, 1]) panics('slab/bad-free', () => cache.free(victim, cpu));
      equal(cache.liveObjects, taken.length - 1 - between, 'liveObjects after the refusals');
      for (let i = between + 1; i < taken.length; i++) cache.free(taken[i]);
      equal(new Set(takeAll(subject)).size, taken.length, 'objects, each once');
    }
  });

  it('panics on an address in an object, beside one, before, behind and outside of the memory', () => {
    const { cache, memory } = create({ ...plain, size: 72 });
    const object = cache.alloc() as ObjectAddress;
    const inside = [1, 2, 4, 8, 16, 64, 71].map((offset) => object + offset);
    const wrong = [
      ...inside,
      object - 8,
      object + 0.5,
      memory.length,
      memory.length + 8,
      2 ** 32 + object,
      -8,
      -1,
      NaN,
    ];
    for (const address of wrong) panics('slab/bad-free', () => cache.free(address as ObjectAddress));
    equal(cache.liveObjects, 1, 'liveObjects');
    cache.free(object);
    equal(cache.liveObjects, 0, 'liveObjects after the right one');
  });

  it('frees nothing of a list with a mistake in it', () => {
    const { cache } = create(plain);
    const out = new Uint32Array(81);
    cache.allocBulk(out, 80);
    const other = cache.alloc() as ObjectAddress;
    for (const wrong of [out[0], out[40], out[79], out[5] + 8, other + 8, other + 4, other + 1, 2 ** 32 - 8]) {
      out[80] = wrong;
      panics('slab/bad-free', () => cache.freeBulk(out, 81));
      equal(cache.liveObjects, 81, 'liveObjects after the refusal');
    }
    cache.freeBulk(out, 80);
    cache.free(other);
  });

  it('answers a CPU that there is not with a RangeError', () => {
    const { cache } = create(plain);
    const object = cache.alloc() as ObjectAddress;
    for (const cpu of [-1, 2, 0.5, NaN]) {
      for (const body of [() => cache.alloc(cpu), () => cache.free(object, cpu)]) {
        let thrown: unknown;
        try {
          body();
        } catch (error) {
          thrown = error;
        }
        check(thrown instanceof Error && thrown.name === 'RangeError', `CPU ${cpu}: got ${String(thrown)}`);
      }
    }
    equal(cache.liveObjects, 1, 'liveObjects');
  });
}

function memoryCases(it: It, create: CacheFactory): void {
  it('gives every frame back once all objects are free', () => {
    for (const size of [8, 64, 700, 3000]) {
      const subject = create({ ...plain, size, frameCount: 32 });
      const taken = takeAll(subject);
      taken.forEach((address, i) => subject.cache.free(address, i % 2));
      const kept = 32 - subject.freeFrames();
      equal(subject.cache.shrink(), kept, 'frames that shrink returns');
      equal(subject.freeFrames(), 32, 'free frames');
      equal(subject.cache.shrink(), 0, 'frames that a second one returns');
      equal(takeAll(subject).length, taken.length, 'objects of the second round');
    }
  });

  it('keeps the frames of live objects when it shrinks', () => {
    const subject = create(plain);
    const { cache, memory } = subject;
    const taken = takeAll(subject);
    const kept = taken.filter((_, i) => i % 97 === 0);
    kept.forEach((address, i) => memory.fill(i + 1, address, address + cache.size));
    taken.forEach((address, i) => void (i % 97 !== 0 && cache.free(address)));
    cache.shrink();
    const again = takeAll(subject);
    equal(again.length + kept.length, taken.length, 'objects in all');
    for (const address of again) memory.fill(0xee, address, address + cache.size);
    kept.forEach((address, i) => {
      for (let at = 0; at < cache.size; at++) equal(memory[address + at], i + 1, `byte ${at} of a kept object`);
    });
  });

  it('finds what other CPUs have freed before it says ENOMEM', () => {
    const subject = create(plain);
    const all = takeAll(subject);
    all.forEach((address) => subject.cache.free(address, 1));
    equal(takeAll(subject, 0).length, all.length, 'objects on CPU 0');
    equal(subject.cache.alloc(0), ENOMEM, 'alloc after the last');
    equal(subject.cache.liveObjects, all.length, 'liveObjects');
  });
}

function constructorCases(it: It, create: CacheFactory): void {
  it('constructs each object of a slab once, and hands it out as it came back', () => {
    const constructed = new Map<number, number>();
    const construct = (address: ObjectAddress) => {
      constructed.set(address, (constructed.get(address) ?? 0) + 1);
      subject.memory.fill(0xc0, address, address + 40);
    };
    const subject: CacheUnderTest = create({ ...plain, size: 40, construct });
    const { cache, memory } = subject;
    const seen = takeAll(subject);
    const verify = (address: number) => {
      for (let at = 0; at < 40; at++) equal(memory[address + at], 0xc0, `byte ${at} of a constructed object`);
    };
    for (const address of seen) {
      equal(constructed.get(address), 1, `constructions of the object at ${address}`);
      verify(address);
    }
    equal(constructed.size, seen.length, 'constructed objects');
    seen.forEach((address, i) => cache.free(address, i % 2));
    takeAll(subject).forEach(verify);
  });

  it('is as it was after a constructor that throws', () => {
    let allowed = true;
    const construct = () => {
      if (!allowed) throw new Error('constructor');
    };
    const subject = create({ ...plain, construct });
    const { cache } = subject;
    cache.free(cache.alloc() as ObjectAddress);
    cache.shrink();
    allowed = false;
    let thrown: unknown;
    try {
      cache.alloc();
    } catch (error) {
      thrown = error;
    }
    check(thrown instanceof Error && thrown.message === 'constructor', `expected its error, got ${String(thrown)}`);
    equal(subject.freeFrames(), 16, 'free frames');
    equal(cache.liveObjects, 0, 'liveObjects');
    allowed = true;
    check(!isErrno(cache.alloc()), 'alloc when the constructor works');
  });
}

function modelCases(it: It, create: CacheFactory): void {
  it('hands out nothing twice under any command sequence', () => {
    fc.assert(
      fc.property(cacheScenario(100), ({ request, commands }) => {
        const run = startRun(create, request);
        for (const command of commands) {
          runCommand(run, command);
          compareState(run);
        }
        finishRun(run);
      }),
      { numRuns: 60 },
    );
  });

  it('hands out nothing twice in ten thousand commands', () => {
    runRandomCommands(create, { seed: 1, count: 10_000 });
  });

  it('is right in every sequence of three commands on four objects', () => {
    runExhaustively({ create, request: { size: 2048, align: 2048, frameCount: 2, cpuCount: 2 }, depth: 3, all: true });
  });
}

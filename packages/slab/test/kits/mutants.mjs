/** Bugs that the kit must catch; planted by `node tools/kit-mutants.mjs slab`. */
const CACHE = 'object-cache.ts';
const SHEAVES = 'internal/sheaves.ts';
const STORE = 'internal/slab-store.ts';
const FRAMES = 'internal/frame-table.ts';
const GEOMETRY = 'internal/geometry.ts';
const GUARD = 'internal/guard.ts';
const BULK = 'internal/bulk.ts';

export default [
  {
    name: 'double frees pass while the object is in a sheaf',
    file: CACHE,
    find: '        (live & (1 << granule)) !== 0 &&\n',
    replace: '',
  },
  {
    name: 'double frees pass on the slow path',
    file: CACHE,
    find: ' && this.frames.isLive(granule) ? granule : NIL',
    replace: ' ? granule : NIL',
  },
  {
    name: 'addresses beyond 2^32 are taken modulo 2^32',
    file: CACHE,
    find: 'if (!(address < this.byteLength) || (granule << GRANULE_SHIFT) >>> 0 !== address) return NIL;',
    replace: '',
  },
  {
    name: 'a freed object stays live',
    file: CACHE,
    find: '        table[at] = live & ~(1 << granule);\n',
    replace: '',
  },
  {
    name: 'a full sheaf takes one more',
    file: CACHE,
    find: '        top !== words[line + LIMIT]\n',
    replace: '        top !== words[line + LIMIT] + 1\n',
  },
  {
    name: 'what other CPUs keep is forgotten at ENOMEM',
    file: CACHE,
    find: '    this.parts.reclaim();\n    return this.refillFromSlabs(cpu);',
    replace: '    return false;',
  },
  {
    name: 'a flushed sheaf keeps its objects',
    file: CACHE,
    find: '    words[line + TOP] = bottom;\n    this.flushes++;',
    replace: '    this.flushes++;',
  },
  {
    name: 'flush leaves the first object of the sheaf behind',
    file: CACHE,
    find: 'at >= bottom; at--',
    replace: 'at > bottom; at--',
  },
  {
    name: 'bulk allocation keeps what it has when there is no more',
    file: CACHE,
    find: '      if (done < count) this.freeBulk(out, done, cpu, site);\n',
    replace: '',
  },
  {
    name: 'a list with a mistake is freed up to the mistake',
    file: CACHE,
    find: '      for (let i = 0; i < good; i++) frames.setLive(addresses[i] >>> GRANULE_SHIFT);\n',
    replace: '      for (let i = 0; i < good; i++) this.release(addresses[i] >>> GRANULE_SHIFT, cpu, site);\n',
  },
  {
    name: 'an object that is twice in a list is freed twice',
    file: BULK,
    find: '    table[at] = live & ~(1 << granule);\n',
    replace: '',
  },
  {
    name: 'misaligned addresses in a list pass',
    file: BULK,
    find: ' || (address & 7) !== 0',
    replace: '',
  },
  {
    name: 'shrink forgets the sheaves',
    file: CACHE,
    find: '    this.sheaves.drain((granule) => this.store.put(granule));\n',
    replace: '',
  },
  {
    name: 'a CPU beyond the last is the first of the sheaves',
    file: CACHE,
    find: "    checked('cpu', cpu, 0, this.cpuCount - 1);",
    replace: "    checked('cpu', cpu, -1, this.cpuCount);",
  },
  {
    name: 'drained sheaves keep their counts',
    file: SHEAVES,
    find: '    this.words.fill(0, this.counts, this.objects);\n',
    replace: '',
  },
  {
    name: 'a full sheaf is lost in the barn',
    file: SHEAVES,
    find: '    const place = node * this.barnSheaves + full[node]++;',
    replace: '    const place = node * this.barnSheaves + full[node];',
  },
  {
    name: 'the spare sheaf is counted with a stale count',
    file: SHEAVES,
    find: '    this.words[this.counts + sheaf] = this.words[line + TOP] - this.words[line + BOTTOM];\n',
    replace: '',
  },
  {
    name: 'empty slabs are not given back',
    file: STORE,
    find: '        else this.discard(slab);',
    replace: '        else this.list(slab, node, false);',
  },
  {
    name: 'slabs with a live object are given back',
    file: STORE,
    find: 'if (words[(slab << SLAB_SHIFT) + OF_IN_USE] > 0) this.list',
    replace: 'if (words[(slab << SLAB_SHIFT) + OF_IN_USE] > 1) this.list',
  },
  {
    name: 'a full slab is not listed when an object comes back',
    file: STORE,
    find: '    if (words[line + OF_LISTED] === 0) this.list(slab, words[line + OF_NODE], false);\n',
    replace: '',
  },
  {
    name: 'a slab without free objects stays listed',
    file: STORE,
    find: '      if (granule === NIL) this.unlist(slab);',
    replace: '      if (granule === NIL && got === want) this.unlist(slab);',
  },
  {
    name: 'the last object of a slab is not linked',
    file: STORE,
    find: 'i + 1 < objects ? first',
    replace: 'i + 2 < objects ? first',
  },
  {
    name: 'the colour moves the last object out of the slab',
    file: GEOMETRY,
    find: ' / colourStep(geometry)) + 1;',
    replace: ' / colourStep(geometry)) + 2;',
  },
  {
    name: 'the alignment of the stride is forgotten',
    file: GEOMETRY,
    find: 'const stride = roundUp(leftPad + site + (debug.track ? 8 : 0), align);',
    replace: 'const stride = roundUp(leftPad + site + (debug.track ? 8 : 0), 8);',
  },
  {
    name: 'the link of a constructed object lies in it',
    file: GEOMETRY,
    find: 'debug.poison || construct !== undefined ||',
    replace: 'debug.poison ||',
  },
  {
    name: 'frames are lost when a constructor throws',
    file: STORE,
    find: '      source.free(got, order as Order);\n      throw error;',
    replace: '      throw error;',
  },
  {
    name: 'objects of a slab are constructed up to the last but one',
    file: STORE,
    find: 'if (this.prepare) for (let i = 0; i < objects; i++)',
    replace: 'if (this.prepare) for (let i = 0; i < objects - 1; i++)',
  },
  {
    name: 'frames of a slab that is gone still belong to it',
    file: FRAMES,
    find: '      table[FIRST_FRAME + at] = 0;\n',
    replace: '',
  },
  {
    name: 'live bits of the frame table are lost when it grows',
    file: FRAMES,
    find: '      larger.set(this.table);\n',
    replace: '      larger.set(this.table.subarray(0, FIRST_FRAME + this.frameCount));\n',
  },
  {
    name: 'red zones are painted over the end of the object',
    file: GUARD,
    find: '    this.fill(value, address + size, address + redEnd);',
    replace: '    this.fill(value, address + size - 1, address + redEnd);',
  },
];

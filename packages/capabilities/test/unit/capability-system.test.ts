import { beforeEach, describe, expect, it } from '@jest/globals';
import { EACCES, EBADF, EINVAL, ENOENT, ENOMEM, ENOSPC } from '@veridian-os/abi';
import { CapabilitySystem, MAX_CAPACITY, Rights, createCapabilityTable, type SpaceId } from '../../src/index.js';

const FILE = 3;
const PIPE = 4;

interface Token {
  space: SpaceId;
  lo: number;
  hi: number;
}

let table: CapabilitySystem;
let home: SpaceId;
let other: SpaceId;

const token = (space: SpaceId): Token => ({ space, lo: table.tokenLo, hi: table.tokenHi });

function root(space = home, object = 7, rights: number = Rights.All, badge = 0): Token {
  expect(table.insert(space, FILE, object, rights, badge)).toBe(0);
  return token(space);
}

function copy(of: Token, to = of.space, mask: number = Rights.All): Token {
  expect(table.copy(of.space, of.lo, of.hi, to, mask)).toBe(0);
  return token(to);
}

const look = (t: Token, rights = 0, type = FILE): number => table.lookup(t.space, t.lo, t.hi, type, rights);

function dead(): string[] {
  const objects: string[] = [];
  while (table.takeDead()) objects.push(`${table.deadType}:${table.deadObject}`);
  return objects;
}

beforeEach(() => {
  table = createCapabilityTable({ capacity: 64, spaces: 4 });
  home = table.createSpace(16);
  other = table.createSpace(4);
});

describe('construction', () => {
  it.each([
    { capacity: 0 },
    { capacity: MAX_CAPACITY + 1 },
    { capacity: 1.5 },
    { spaces: 0 },
    { generations: 0 },
    { generations: 2 ** 31 + 1 },
  ])('refuses %p with a RangeError that names it', (options) => {
    expect(() => new CapabilitySystem(options)).toThrow(RangeError);
    expect(() => new CapabilitySystem(options)).toThrow(Object.keys(options)[0]);
  });

  it.each([1, 2, 3, 5, 64, 65])('holds exactly %p capabilities', (capacity) => {
    table = createCapabilityTable({ capacity });
    const space = table.createSpace(100);
    for (let i = 0; i < capacity; i++) expect(table.insert(space, FILE, i, 0, 0)).toBe(0);
    expect(table.insert(space, FILE, 0, 0, 0)).toBe(ENOMEM);
    expect(table.liveCount).toBe(capacity);
  });
});

describe('spaces', () => {
  it('are bounded in number and reused', () => {
    expect([table.createSpace(1), table.createSpace(1)]).toEqual([2, 3]);
    expect(table.createSpace(1)).toBe(ENOMEM);
    table.destroySpace(2);
    expect(table.createSpace(1)).toBe(2);
  });

  it.each([0, -1, 1.5, NaN, MAX_CAPACITY + 1])('of %p slots are EINVAL', (slots) => {
    expect(table.createSpace(slots)).toBe(EINVAL);
  });

  it('hold no more than their quota', () => {
    const first = root(other);
    for (let i = 1; i < 4; i++) copy(first);
    expect(table.slotsUsed(other)).toBe(4);
    expect(table.insert(other, FILE, 1, 0, 0)).toBe(ENOSPC);
    expect(table.copy(other, first.lo, first.hi, other, 0)).toBe(ENOSPC);
    expect(table.mint(other, first.lo, first.hi, other, 0, 0)).toBe(ENOSPC);
    expect(table.delete(other, first.lo, first.hi)).toBe(0);
    expect(table.slotsUsed(other)).toBe(3);
    expect(table.liveCount).toBe(3);
  });

  it('take their capabilities with them but not the descendants elsewhere', () => {
    const inOther = root(other);
    const child = copy(inOther, home);
    table.destroySpace(other);
    expect(look(inOther)).toBe(EBADF);
    expect(look(child)).toBe(7);
    expect(table.parentOf(home, child.lo, child.hi)).toBe(ENOENT);
    expect(dead()).toEqual([]);
  });

  it('that do not exist are the kernel’s own mistake', () => {
    table.destroySpace(other);
    for (const space of [other, -1, 99, NaN]) {
      expect(() => table.slotsUsed(space)).toThrow('capabilities/space');
      expect(() => table.insert(space, FILE, 1, 0, 0)).toThrow('capabilities/space');
      expect(() => table.destroySpace(space)).toThrow('capabilities/space');
    }
    const held = root();
    expect(() => table.move(home, held.lo, held.hi, other)).toThrow('capabilities/space');
    expect(look(held)).toBe(7);
  });
});

describe('insert', () => {
  it.each([
    [0, 1, 0, 0],
    [2 ** 24, 1, 0, 0],
    [1.5, 1, 0, 0],
    [FILE, -1, 0, 0],
    [FILE, 2 ** 31, 0, 0],
    [FILE, 1, 64, 0],
    [FILE, 1, -1, 0],
    [FILE, 1, 0, -1],
    [FILE, 1, 0, 2 ** 32],
  ])('refuses type %p, object %p, rights %p, badge %p', (type, object, rights, badge) => {
    expect(table.insert(home, type, object, rights, badge)).toBe(EINVAL);
    expect(table.liveCount).toBe(0);
  });

  it('keeps the extremes', () => {
    expect(table.insert(home, 2 ** 24 - 1, 2 ** 31 - 1, Rights.All, 2 ** 32 - 1)).toBe(0);
    const { lo, hi } = token(home);
    expect(table.lookup(home, lo, hi, 2 ** 24 - 1, Rights.All)).toBe(2 ** 31 - 1);
    expect(table.typeOf(home, lo, hi)).toBe(2 ** 24 - 1);
    expect(table.rightsOf(home, lo, hi)).toBe(Rights.All);
    expect(table.badgeOf(home, lo, hi)).toBe(2 ** 32 - 1);
  });
});

describe('lookup', () => {
  it('tells a missing right from a wrong token', () => {
    const t = root(home, 7, Rights.Read);
    expect(look(t, Rights.Read)).toBe(7);
    expect(look(t, Rights.Read | Rights.Write)).toBe(EACCES);
    expect(look(t, Rights.Write, PIPE)).toBe(EBADF);
  });

  it('knows no token of another space, slot, generation or type', () => {
    const t = root();
    expect(look({ ...t, space: other })).toBe(EBADF);
    expect(look(t, 0, PIPE)).toBe(EBADF);
    for (const lo of [t.lo + 1, t.lo + 64, t.lo + 2 ** 31, -1]) expect(look({ ...t, lo })).toBe(EBADF);
    for (const hi of [0, t.hi - 1, t.hi + 1, t.hi + 2, t.hi + 2 ** 31, -1]) expect(look({ ...t, hi })).toBe(EBADF);
  });

  it('finds nothing in slots that are free or were never used, whatever the type', () => {
    const t = root();
    table.delete(t.space, t.lo, t.hi);
    for (const space of [0, -1])
      for (const lo of [t.lo, 40])
        for (const hi of [0, 1, 2, 3]) {
          expect(table.lookup(space, lo, hi, 0, 0)).toBe(EBADF);
          expect(table.typeOf(space, lo, hi)).toBe(EBADF);
          expect(table.rightsOf(space, lo, hi)).toBe(EBADF);
          expect(table.badgeOf(space, lo, hi)).toBe(EBADF);
          expect(table.delete(space, lo, hi)).toBe(EBADF);
        }
  });
});

describe('mint', () => {
  it('shrinks rights and sets the badge once', () => {
    const t = root();
    expect(table.mint(home, t.lo, t.hi, other, Rights.Read | Rights.Mint, 5)).toBe(0);
    const minted = token(other);
    expect(table.rightsOf(other, minted.lo, minted.hi)).toBe(Rights.Read | Rights.Mint);
    expect(table.badgeOf(other, minted.lo, minted.hi)).toBe(5);
    expect(table.mint(other, minted.lo, minted.hi, other, Rights.Read, 6)).toBe(EINVAL);
    expect(table.mint(other, minted.lo, minted.hi, other, Rights.Read, 5)).toBe(EINVAL);
    expect(table.mint(other, minted.lo, minted.hi, other, Rights.Read, 0)).toBe(0);
    expect(table.badgeOf(other, table.tokenLo, table.tokenHi)).toBe(5);
  });

  it('needs Mint and never adds a right', () => {
    const plain = root(home, 7, Rights.Read | Rights.Grant);
    expect(table.mint(home, plain.lo, plain.hi, home, Rights.Read, 0)).toBe(EACCES);
    const minter = root(home, 8, Rights.Read | Rights.Mint);
    expect(table.mint(home, minter.lo, minter.hi, home, Rights.Write, 0)).toBe(EACCES);
    expect(table.mint(home, minter.lo, minter.hi, home, -1, 0)).toBe(EACCES);
    expect(table.mint(home, minter.lo, minter.hi, home, Rights.Read, 2 ** 32)).toBe(EINVAL);
    expect(table.liveCount).toBe(2);
  });
});

describe('copy', () => {
  it('masks rights, keeps the badge and is a child', () => {
    const t = root(home, 7, Rights.All, 9);
    const c = copy(t, other, Rights.Read | Rights.Write);
    expect(table.rightsOf(other, c.lo, c.hi)).toBe(Rights.Read | Rights.Write);
    expect(table.badgeOf(other, c.lo, c.hi)).toBe(9);
    expect(table.parentOf(other, c.lo, c.hi)).toBe(home);
    expect(token(home)).toEqual(t);
  });

  it('needs Grant only across spaces', () => {
    const t = root(home, 7, Rights.Read);
    copy(t);
    expect(table.copy(home, t.lo, t.hi, other, Rights.Read)).toBe(EACCES);
  });
});

describe('move', () => {
  it('makes the old token stale and keeps the place in the derivation tree', () => {
    const t = root();
    const middle = copy(t);
    const leaf = copy(middle);
    expect(table.move(home, middle.lo, middle.hi, other)).toBe(0);
    const moved = token(other);
    expect(look(middle)).toBe(EBADF);
    expect(look(moved)).toBe(7);
    expect([table.slotsUsed(home), table.slotsUsed(other)]).toEqual([2, 1]);
    expect(table.parentOf(home, leaf.lo, leaf.hi)).toBe(other);
    expect(table.revoke(home, t.lo, t.hi, 10)).toBe(0);
    expect(look(moved)).toBe(EBADF);
    expect(look(leaf)).toBe(EBADF);
  });

  it('needs Grant and room, except within a full space', () => {
    const bare = root(home, 7, Rights.Read);
    expect(table.move(home, bare.lo, bare.hi, other)).toBe(EACCES);
    const full = root(other);
    for (let i = 1; i < 4; i++) copy(full);
    const t = root();
    expect(table.move(home, t.lo, t.hi, other)).toBe(ENOSPC);
    expect(table.move(other, full.lo, full.hi, other)).toBe(0);
    expect(look(token(other))).toBe(7);
    expect(table.slotsUsed(other)).toBe(4);
  });
});

describe('delete', () => {
  it('hands the children to the parent, in place', () => {
    const t = root();
    const middle = copy(t, other);
    const leaf = copy(middle, home);
    expect(table.delete(other, middle.lo, middle.hi)).toBe(0);
    expect(table.parentOf(home, leaf.lo, leaf.hi)).toBe(home);
    expect(token(home)).toEqual(t);
    expect(table.revoke(home, t.lo, t.hi, 10)).toBe(0);
    expect(look(leaf)).toBe(EBADF);
  });

  it('of a root leaves separate roots', () => {
    const t = root();
    const a = copy(t);
    const b = copy(t);
    expect(table.delete(home, t.lo, t.hi)).toBe(0);
    expect(table.revoke(home, a.lo, a.hi, 10)).toBe(0);
    expect(look(b)).toBe(7);
    expect(table.delete(home, a.lo, a.hi)).toBe(0);
    expect(table.delete(home, b.lo, b.hi)).toBe(0);
    expect(dead()).toEqual(['3:7']);
  });
});

describe('revoke', () => {
  it('needs Mint and a live token', () => {
    const t = root(home, 7, Rights.Grant);
    expect(table.revoke(home, t.lo, t.hi, 10)).toBe(EACCES);
    table.delete(home, t.lo, t.hi);
    expect(table.revoke(home, t.lo, t.hi, 10)).toBe(EBADF);
  });

  it('removes at most `limit` and finishes in ceil(n / limit) calls, however deep the tree', () => {
    table = createCapabilityTable({ capacity: 256 });
    home = table.createSpace(256);
    const t = root();
    let at = t;
    const all = Array.from({ length: 100 }, (_, i) => (at = copy(i % 3 === 0 ? t : at)));
    let calls = 0;
    let before = table.liveCount;
    for (let rest = 1; rest > 0; calls++, before = table.liveCount) {
      rest = table.revoke(home, t.lo, t.hi, 7);
      expect(before - table.liveCount).toBe(Math.min(7, before - 1));
    }
    expect(calls).toBe(Math.ceil(100 / 7));
    for (const c of all) expect(look(c)).toBe(EBADF);
    expect(look(t)).toBe(7);
    expect(table.revoke(home, t.lo, t.hi, 0)).toBe(0);
  });
});

describe('takeDead', () => {
  it('reports an object once, after its last capability, oldest first', () => {
    const a = root(home, 1);
    const a2 = copy(a, other);
    const b = root(home, 2);
    table.delete(home, b.lo, b.hi);
    table.delete(home, a.lo, a.hi);
    table.delete(other, a2.lo, a2.hi);
    expect(dead()).toEqual(['3:2', '3:1']);
    expect(dead()).toEqual([]);
  });

  it('counts two roots of one object together, and types apart', () => {
    const a = root(home, 1);
    const b = root(other, 1);
    expect(table.insert(home, PIPE, 1, 0, 0)).toBe(0);
    const pipe = token(home);
    table.delete(home, a.lo, a.hi);
    expect(dead()).toEqual([]);
    table.delete(home, pipe.lo, pipe.hi);
    table.delete(other, b.lo, b.hi);
    expect(dead()).toEqual(['4:1', '3:1']);
  });

  it('must come before the object’s id is used again', () => {
    const a = root(home, 1);
    table.delete(home, a.lo, a.hi);
    expect(() => table.insert(home, FILE, 1, 0, 0)).toThrow('capabilities/dead-object');
    expect(dead()).toEqual(['3:1']);
    expect(look(root(home, 1))).toBe(1);
  });

  it('frees the record that a full table of dead objects holds', () => {
    table = createCapabilityTable({ capacity: 4 });
    home = table.createSpace(4);
    for (let object = 0; object < 4; object++) {
      const t = root(home, object);
      table.delete(home, t.lo, t.hi);
    }
    expect(table.insert(home, FILE, 9, 0, 0)).toBe(ENOMEM);
    expect(table.takeDead()).toBe(true);
    expect(table.insert(home, FILE, 9, 0, 0)).toBe(0);
  });
});

describe('generations', () => {
  beforeEach(() => {
    table = createCapabilityTable({ capacity: 2, spaces: 1, generations: 3 });
    home = table.createSpace(2);
  });

  it('never let two capabilities share a token; worn-out slots are retired', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 6; i++) {
      const t = root();
      seen.add(`${t.lo}:${t.hi}`);
      table.delete(home, t.lo, t.hi);
      dead();
    }
    expect(seen.size).toBe(6);
    expect(table.retiredCount).toBe(2);
    expect(table.insert(home, FILE, 1, 0, 0)).toBe(ENOMEM);
    for (const text of seen) {
      const [lo, hi] = text.split(':').map(Number) as [number, number];
      expect(look({ space: home, lo, hi })).toBe(EBADF);
    }
  });

  it('let a moved capability change its slot when the last one is used, with its family', () => {
    let t = root();
    const child = copy(t);
    table.delete(home, child.lo, child.hi);
    for (let i = 0; i < 2; i++) {
      expect(table.move(home, t.lo, t.hi, home)).toBe(0);
      t = token(home);
    }
    const leaf = copy(t);
    expect(table.move(home, t.lo, t.hi, home)).toBe(ENOMEM);
    expect(look(t)).toBe(7);
    table.delete(home, leaf.lo, leaf.hi);
    expect(table.move(home, t.lo, t.hi, home)).toBe(0);
    expect(token(home).lo).not.toBe(t.lo);
    expect(look(t)).toBe(EBADF);
    expect(look(token(home))).toBe(7);
    expect([table.liveCount, table.slotsUsed(home), table.retiredCount]).toEqual([1, 1, 1]);
  });

  it('start odd, so that zeroes are never a token', () => {
    table = createCapabilityTable({ capacity: 1 });
    expect(table.retiredCount).toBe(0);
    home = table.createSpace(1);
    expect(root().hi & 1).toBe(1);
  });
});

describe('forEach', () => {
  it('visits every live capability once', () => {
    const t = root(home, 7, Rights.All, 3);
    const c = copy(t, other, Rights.Read);
    const gone = root();
    table.delete(home, gone.lo, gone.hi);
    const seen: number[][] = [];
    table.forEach((...fields) => seen.push(fields));
    expect(seen).toEqual([
      [home, t.lo, t.hi, FILE, 7, Rights.All, 3],
      [other, c.lo, c.hi, FILE, 7, Rights.Read, 3],
    ]);
  });
});

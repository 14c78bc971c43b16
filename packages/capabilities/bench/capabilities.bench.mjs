/**
 * cap-lookup        check of a 64-bit token for space, generation, type and two rights, in a random cycle through 4,096
 *                   capabilities: each step's token is made of the object that the step before found, so that nothing
 *                   overlaps. Beside reading a bare typed array in the same cycle, and the same check over a Map of objects
 * cap-mint-delete, cap-copy-delete   one pair in a table of 65,536 slots, of which 4,096 are used
 * cap-revoke-N      per descendant; a random tree of N
 */
import { Rights, createCapabilityTable } from '@veridian-os/capabilities';
import { suite } from '../../../tools/bench.mjs';

const SLOTS = 4096;
const STEPS = 10_000;
const TYPE = 3;
const FIRST_GENERATION = 1;
const NEEDED = Rights.Read | Rights.Write;

/** Random permutation of one cycle (Sattolo), from a seed. */
function cycle(length) {
  let state = 12345;
  const order = Int32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % i;
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

function fill() {
  const table = createCapabilityTable();
  const space = table.createSpace(65536);
  const next = cycle(SLOTS);
  for (let i = 0; i < SLOTS; i++) {
    table.insert(space, TYPE, next[i], Rights.All, 0);
    if (table.tokenLo !== i || table.tokenHi !== FIRST_GENERATION)
      throw new Error('a fresh table fills its slots in order');
  }
  return { table, space, next };
}

/** The check as one would write it over a Map. */
class MapTable {
  capabilities = new Map();

  insert(lo, hi, space, type, object, rights) {
    this.capabilities.set(lo, { hi, space, type, object, rights });
  }

  lookup(space, lo, hi, type, rights) {
    const capability = this.capabilities.get(lo);
    if (capability === undefined) return -9;
    if (capability.hi !== hi || capability.space !== space || capability.type !== type) return -9;
    if ((capability.rights & rights) !== rights) return -13;
    return capability.object;
  }
}

function revokeMs(size) {
  const table = createCapabilityTable({ capacity: size + 1 });
  const spaces = Array.from({ length: 16 }, () => table.createSpace(size + 1));
  const tokens = [];
  let state = 1;
  table.insert(spaces[0], TYPE, 0, Rights.All, 0);
  tokens.push([spaces[0], table.tokenLo, table.tokenHi]);
  for (let i = 1; i <= size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const to = spaces[state % 16];
    table.copy(...tokens[(state >>> 4) % i], to, Rights.All);
    tokens.push([to, table.tokenLo, table.tokenHi]);
  }
  const start = performance.now();
  while (table.revoke(...tokens[0], 256) > 0);
  const elapsed = performance.now() - start;
  if (table.liveCount !== 1) throw new Error(`${table.liveCount} capabilities left`);
  return elapsed;
}

await suite(async ({ bench, record }) => {
  const { table, space, next } = fill();
  let at = 0;
  const lookup = () => {
    let i = at;
    for (let step = 0; step < STEPS; step++) i = table.lookup(space, i, FIRST_GENERATION, TYPE, NEEDED);
    at = i;
  };
  let bareAt = 0;
  const bare = () => {
    let i = bareAt;
    for (let step = 0; step < STEPS; step++) i = next[i];
    bareAt = i;
  };
  const map = new MapTable();
  for (let i = 0; i < SLOTS; i++) map.insert(i, FIRST_GENERATION, space, TYPE, next[i], Rights.All);
  let mapAt = 0;
  const overMap = () => {
    let i = mapAt;
    for (let step = 0; step < STEPS; step++) i = map.lookup(space, i, FIRST_GENERATION, TYPE, NEEDED);
    mapAt = i;
  };
  const shared = { opsPerCall: STEPS, noGc: true, ours: lookup };
  await bench({ case: 'cap-lookup', ...shared, peer: 'bare typed-array read', peerFn: bare });
  await bench({ case: 'cap-lookup-vs-map', ...shared, peer: 'Map of objects', peerFn: overMap });

  const PAIRS = 1000;
  await bench({
    case: 'cap-mint-delete',
    ours: () => {
      for (let i = 0; i < PAIRS; i++) {
        const from = (i * 797) % SLOTS;
        table.mint(space, from, FIRST_GENERATION, space, NEEDED, 7);
        table.delete(space, table.tokenLo, table.tokenHi);
      }
    },
    opsPerCall: PAIRS,
    noGc: true,
  });
  await bench({
    case: 'cap-copy-delete',
    ours: () => {
      for (let i = 0; i < PAIRS; i++) {
        const from = (i * 797) % SLOTS;
        table.copy(space, from, FIRST_GENERATION, space, NEEDED);
        table.delete(space, table.tokenLo, table.tokenHi);
      }
    },
    opsPerCall: PAIRS,
    noGc: true,
  });

  for (let i = 0; i < 20; i++) revokeMs(1000); // compiled by then
  for (const size of [1000, 10_000, 100_000]) {
    const runs = Array.from({ length: 9 }, () => revokeMs(size)).sort((a, b) => a - b);
    record({ case: `cap-revoke-${size}`, oursNs: (runs[4] * 1e6) / size });
  }
});

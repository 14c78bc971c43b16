import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cellsOf, interruptsOf, parseFdt, regOf, stringsOf, type FdtNode } from '@veridian-os/hal';
import { buildFdt, type BuildFdtNode } from '@veridian-os/hal/testing';

const name = fc.stringMatching(/^[a-z][a-z0-9,@#-]{0,12}$/);
const wellKnown = fc.constantFrom('reg', 'ranges', 'interrupts', '#address-cells', '#interrupt-cells', 'phandle');
const value = fc.oneof(
  fc.array(fc.nat(0xffffffff), { maxLength: 6 }),
  fc.integer({ min: 0, max: 3 }),
  fc.uint8Array({ maxLength: 9 }),
  fc.stringMatching(/^[ -~]{0,10}$/),
);
const properties = fc.dictionary(fc.oneof(name, wellKnown), value, { maxKeys: 5, noNullPrototype: true });
/** Trees of up to four levels. */
function trees(levels: number): fc.Arbitrary<BuildFdtNode> {
  if (levels === 0) return fc.record({ properties });
  const children = fc.dictionary(name, trees(levels - 1), { maxKeys: 3, noNullPrototype: true });
  return fc.record({ properties, children });
}
const tree = trees(3);

/** The naive reading of what a description must become. */
function flatten(node: BuildFdtNode, path: string): string[] {
  const children = Object.entries(node.children ?? {});
  return [path || '/', ...children.flatMap(([child, below]) => flatten(below, `${path}/${child}`))];
}

/** Every helper, on every node: none may throw or hang. */
function inspect(nodes: readonly FdtNode[], found: Parameters<typeof interruptsOf>[0]): void {
  for (const node of nodes) {
    for (const property of node.properties.keys()) {
      stringsOf(node, property);
      cellsOf(node, property);
    }
    for (const range of regOf(node) ?? []) expect(Number.isSafeInteger(range.base)).toBe(true);
    interruptsOf(found, node);
  }
}

describe('parseFdt on generated trees', () => {
  it('returns every node and property of what was built', () => {
    fc.assert(
      fc.property(tree, (description) => {
        const parsed = parseFdt(buildFdt(description));
        if (!parsed.ok) throw new Error(parsed.message);
        expect(parsed.nodes.map(({ path }) => path)).toEqual(flatten(description, ''));
        expect([...parsed.root.properties.keys()]).toEqual(Object.keys(description.properties ?? {}));
        inspect(parsed.nodes, parsed);
      }),
    );
  });

  it('survives damage: refuses at a byte of the blob, or gives a usable tree', () => {
    const damage = fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(tree, damage, fc.nat(600), (description, changes, cut) => {
        const blob = buildFdt(description);
        for (const [at, byte] of changes) if (at < blob.length) blob[at] = byte;
        const parsed = parseFdt(cut % 5 === 0 ? blob.subarray(0, cut) : blob);
        if (parsed.ok) inspect(parsed.nodes, parsed);
        else {
          expect(parsed.message).toMatch(/^[\w #-]+: expected .+, got .+$/);
          expect(parsed.offset).toBeLessThanOrEqual(blob.length);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

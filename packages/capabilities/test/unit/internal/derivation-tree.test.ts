import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { DerivationTree } from '../../../src/internal/derivation-tree.js';

const NODES = 12;
const NONE = -1;

/** Parent and children of each node, as plain lists. */
class Model {
  readonly parent = new Map<number, number>();
  readonly children = new Map<number, number[]>();

  add(node: number, parent: number): void {
    this.parent.set(node, parent);
    this.children.set(node, []);
    this.children.get(parent)?.push(node);
  }

  remove(node: number): void {
    const heirs = this.children.get(node)!;
    const parent = this.parent.get(node)!;
    const siblings = this.children.get(parent);
    siblings?.splice(siblings.indexOf(node), 1, ...heirs);
    for (const heir of heirs) this.parent.set(heir, parent);
    this.parent.delete(node);
    this.children.delete(node);
  }

  replace(node: number, fresh: number): void {
    const parent = this.parent.get(node)!;
    const siblings = this.children.get(parent);
    siblings?.splice(siblings.indexOf(node), 1, fresh);
    for (const child of this.children.get(node)!) this.parent.set(child, fresh);
    this.parent.set(fresh, parent);
    this.children.set(fresh, this.children.get(node)!);
    this.parent.delete(node);
    this.children.delete(node);
  }
}

it('agrees with lists of children, whatever is added, removed and replaced', () => {
  const step = fc.record({ kind: fc.constantFrom('child', 'child', 'root', 'remove', 'replace'), pick: fc.nat(1e6) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const tree = new DerivationTree(NODES);
      const model = new Model();
      for (const { kind, pick } of steps) {
        const live = [...model.parent.keys()];
        const fresh = Array.from({ length: NODES }, (_, i) => i).filter((node) => !model.parent.has(node));
        const node = live[pick % live.length];
        const free = fresh[pick % fresh.length];
        if (kind === 'remove' && live.length > 0) {
          tree.remove(node);
          model.remove(node);
        } else if (kind === 'replace' && live.length > 0 && fresh.length > 0) {
          tree.replace(node, free);
          model.replace(node, free);
        } else if (kind === 'child' && live.length > 0 && fresh.length > 0) {
          tree.addChild(node, free);
          model.add(free, node);
        } else if (kind === 'root' && fresh.length > 0) {
          tree.addRoot(free);
          model.add(free, NONE);
        }
        for (const [child, parent] of model.parent) expect(tree.parentOf(child)).toBe(parent);
        for (const [parent, children] of model.children) expect(tree.firstChild(parent)).toBe(children[0] ?? NONE);
      }
      // Taking first children away one by one shows the order of all.
      for (const [parent, children] of model.children)
        if (model.parent.get(parent) === NONE) {
          const heirs = [...children];
          while (heirs.length > 0) {
            const child = heirs.shift()!;
            expect(tree.firstChild(parent)).toBe(child);
            heirs.unshift(...model.children.get(child)!);
            tree.remove(child);
          }
          expect(tree.firstChild(parent)).toBe(NONE);
        }
    }),
  );
});

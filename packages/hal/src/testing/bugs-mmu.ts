/** Bugs in translations and memory. */
import type { MmuEdits } from '@veridian-os/abi';
import type { Machine } from '../machine.js';
import { withContexts, withMmu, type SeededBug } from './bug-tools.js';
import { override } from './override.js';

export const mmuBugs: readonly SeededBug[] = [
  {
    name: 'apply does not flush translations',
    group: 'mmu',
    plant: (machine) => withMmu(machine, { apply: (edits) => exchangeOnly(machine, edits, 0) }),
  },
  {
    name: 'apply flushes the first address of a batch only',
    group: 'mmu',
    plant: (machine) =>
      withMmu(machine, {
        apply(edits) {
          const { count } = edits;
          edits.count = Math.min(1, count);
          machine.mmu.apply(edits);
          edits.count = count;
          exchangeOnly(machine, edits, 1);
        },
      }),
  },
  {
    name: 'apply flushes another address space',
    group: 'mmu',
    plant: (machine) =>
      withMmu(machine, {
        apply(edits) {
          const asid = edits.asid.slice();
          edits.asid.fill(0xfff);
          machine.mmu.apply(edits);
          edits.asid.set(asid);
        },
      }),
  },
  {
    name: 'apply keeps the old entries to itself',
    group: 'mmu',
    plant: (machine) =>
      withMmu(machine, {
        apply(edits) {
          machine.mmu.apply(edits);
          edits.oldLo.fill(0);
        },
      }),
  },
  {
    name: 'apply also applies what lies behind the count',
    group: 'mmu',
    plant: (machine) =>
      withMmu(machine, {
        apply(edits) {
          const { count } = edits;
          edits.count = edits.entry.filter((entry) => entry !== 0).length;
          machine.mmu.apply(edits);
          edits.count = count;
        },
      }),
  },
  {
    name: 'flushAddressSpace does nothing',
    group: 'mmu',
    plant: (machine) => withMmu(machine, { flushAddressSpace: () => undefined }),
  },
  {
    name: 'all address spaces share one tag',
    group: 'mmu',
    plant: (machine) =>
      withContexts(machine, { setAddressSpace: (context, root) => machine.contexts.setAddressSpace(context, root, 1) }),
  },
  {
    name: 'syncCode does nothing',
    group: 'memory',
    plant: (machine) => withMmu(machine, { syncCode: () => undefined }),
  },
  {
    name: 'syncCode takes the first frame only',
    group: 'memory',
    plant: (machine) => withMmu(machine, { syncCode: (first) => machine.mmu.syncCode(first, 1) }),
  },
  {
    name: 'memory views are copies',
    group: 'memory',
    plant(machine) {
      const memory = machine.memory.map((region) => {
        const u8 = region.u8.slice();
        return { ...region, u8, u32: new Uint32Array(u8.buffer) };
      });
      return override(machine, { memory });
    },
  },
];

/** Does what `apply` should, from the batch's edit `from` on, without telling any CPU. */
export function exchangeOnly(machine: Machine, edits: MmuEdits, from: number): void {
  for (let i = from; i < edits.count; i++) {
    const at = edits.entry[i];
    const region = machine.memory.find(({ base, length }) => at >= base && at < base + length)!;
    const word = (at - region.base) / 4;
    edits.oldLo[i] = region.u32[word]!;
    edits.oldHi[i] = region.u32[word + 1]!;
    region.u32[word] = edits.valueLo[i]!;
    region.u32[word + 1] = edits.valueHi[i]!;
  }
}

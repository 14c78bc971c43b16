/** What a system call of the guest costs: there and back through JavaScript, beside a C loop over the same ioctls. */
import { KvmMachine, probeKvmSync } from '@veridian-os/machine-kvm';
import { createMmuEdits } from '@veridian-os/abi';
import { nativeLoop } from './native-loop.mjs';
import { suite } from '../../../tools/bench.mjs';

const CALLS = 50;
const BUDGET = 10_000_000;
const [RIP, RSP] = [16, 4];

/** A machine with two contexts, in two address spaces, that make system calls for ever. */
function prepare() {
  const machine = KvmMachine.create({ memoryBytes: 1 << 20 });
  const [{ base, u32, u8 }] = machine.memory;
  const makeSpace = (first, asid) => {
    for (let level = 0; level < 3; level++) u32[(first + level) * 1024] = base + (first + level + 1) * 4096 + 7;
    u32[(first + 3) * 1024 + 2] = base + 4 * 4096 + 5;
    u32[(first + 3) * 1024 + 4] = base + 5 * 4096 + 7;
    const context = machine.contexts.create();
    machine.contexts.setAddressSpace(context, base / 4096 + first, asid);
    const view = machine.contexts.registers(context);
    view[RIP * 2] = 0x1000;
    view[RSP * 2] = 0x3000;
    return context;
  };
  u8.set([0x0f, 0x05, 0xeb, 0xfc], 4 * 4096); // syscall; jmp back
  return { machine, contexts: [makeSpace(0, 1), makeSpace(8, 2)], entry: base + 3 * 4096 + 16, frame: base + 5 * 4096 };
}

await suite(async ({ bench }) => {
  const probe = probeKvmSync();
  if (!probe.available) return console.log(`not here: ${probe.problem}`);
  const { machine, contexts, entry, frame } = prepare();
  const [first, second] = contexts;
  const [cpu] = machine.cpus;
  const calls = (which) => () => {
    for (let i = 0; i < CALLS; i++) cpu.run(which[i & 1], BUDGET);
  };
  calls([first, first])();
  const native = nativeLoop(0x3000);
  const peer = native === undefined ? {} : { peer: 'C', peerFn: () => native(CALLS) };
  const title = `system call, ring 0 ${probe.kind}`;
  await bench({ case: title, ours: calls([first, first]), ...peer, opsPerCall: CALLS });
  await bench({ case: 'system call, two address spaces in turn', ours: calls([first, second]), opsPerCall: CALLS });

  const edits = createMmuEdits(1);
  edits.count = 1;
  edits.entry[0] = entry;
  edits.virtual[0] = 0x2000;
  await bench({
    case: 'exchange of one present page-table entry',
    ours: () => {
      for (let i = 0; i < CALLS; i++) {
        edits.valueLo[0] = frame + (i & 1 ? 7 : 5);
        machine.mmu.apply(edits);
      }
    },
    opsPerCall: CALLS,
  });
  const table = Math.floor(entry / 4096);
  await bench({
    case: 'retirement of a page table in use, and a call',
    ours: () => {
      for (let i = 0; i < CALLS; i++) {
        cpu.run(first, BUDGET);
        machine.mmu.retireTable(table);
      }
    },
    opsPerCall: CALLS,
  });
  machine.dispose();
});

/**
 * What a trap costs on QEMU, blocking and spinning, with memory mapped and mirrored; and how long a machine takes to start
 * beside QEMU itself. Medians of single operations: the host is seldom quiet, and the mean says more about it than about us.
 */
import { spawnSync } from 'node:child_process';
import { createMmuEdits } from '@veridian-os/abi';
import { QemuMachine, probeQemu } from '@veridian-os/machine-qemu';
import { suite } from '../../../tools/bench.mjs';
import { DATA, PROGRAMS, load } from './guest.mjs';

const QUICK = process.argv.includes('--quick');
const CALLS = QUICK ? 500 : 20_000;
const STARTS = QUICK ? 2 : 15;
const RTC = { riscv64: 0x10_1000, aarch64: 0x901_0000, x86_64: 0xfec0_0000 };

/** Median nanoseconds of `count` calls. */
function median(count, body) {
  const samples = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const before = performance.now();
    body();
    samples[i] = performance.now() - before;
  }
  return samples.sort()[count >> 1] * 1e6;
}

function expectKind(machine, kind) {
  const { trap } = machine.cpus[0];
  if (trap.kind !== kind) throw new Error(`expected trap ${kind}, got ${trap.kind}, fault ${trap.fault}`);
}

function traps(isa, way, record) {
  const machine = QemuMachine.create({ isa, ...way, memoryBytes: 16 << 20, maxContexts: 16 });
  const title = `${isa} ${Object.values(way).join(', ')}`;
  const [cpu] = machine.cpus;
  const call = load(machine, PROGRAMS[isa].call);
  record({ case: `${title}: system call`, oursNs: median(CALLS, () => cpu.run(call.context, 1e6)) });
  expectKind(machine, 1);
  machine.contexts.destroy(call.context);

  const touch = load(machine, PROGRAMS[isa].touch);
  const edits = createMmuEdits(1);
  const unmap = () => {
    edits.count = 1;
    edits.entry[0] = touch.entry.address;
    [edits.valueLo[0], edits.valueHi[0]] = touch.entry.absent;
    edits.virtual[0] = DATA;
    edits.asid[0] = 1;
    machine.mmu.apply(edits);
  };
  const fault = () => {
    cpu.run(touch.context, 1e6); // faults
    touch.map();
    cpu.run(touch.context, 1e6); // calls
    unmap();
  };
  record({ case: `${title}: page fault, its system call, unmap`, oursNs: median(CALLS / 4, fault) });
  expectKind(machine, 1);
  record({
    case: `${title}: bus read from QEMU`,
    oursNs: median(CALLS / 4, () => machine.bus.read32(RTC[isa])),
  });
  machine.dispose();
}

function starts(isa, record) {
  const ours = median(STARTS, () => QemuMachine.create({ isa, memoryBytes: 16 << 20, maxContexts: 16 }).dispose());
  // The same board without a guest, told to end at once through its monitor.
  const board = isa === 'x86_64' ? 'q35' : 'virt';
  const args = ['-nodefaults', '-display', 'none', '-M', board, '-m', '20M', '-S', '-monitor', 'stdio'];
  if (isa === 'riscv64') args.push('-bios', 'none');
  const peerNs = median(STARTS, () => spawnSync(`qemu-system-${isa}`, args, { input: 'quit\n' }));
  record({ case: `${isa}: start of a machine`, oursNs: ours, peer: 'QEMU, started and told to quit', peerNs });
}

await suite(({ record }) => {
  for (const isa of ['riscv64', 'aarch64', 'x86_64']) {
    const found = probeQemu(isa);
    if (!found.ok) {
      console.log(`${isa}: ${found.reason}`);
      continue;
    }
    for (const waiting of ['blocking', 'spinning']) {
      for (const sharing of ['mapped', 'mirrored']) traps(isa, { waiting, sharing }, record);
    }
    starts(isa, record);
  }
});

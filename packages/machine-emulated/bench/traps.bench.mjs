/** What it costs to enter and leave the machine: a system call, a page fault, another context, another address space. */
import { suite } from '../../../tools/bench.mjs';
import { hostImage } from './hosted.mjs';
import { Assembler, REG, elfImage } from '@veridian-os/machine-emulated/testing';

const BASE = 0x100000;
const BUDGET = 1_000_000;
const BATCH = 1000;

/** ecall; jump back. */
function callLoop() {
  const a = new Assembler(BASE);
  a.label('loop').op('ecall').to('jal', 'loop', { rd: 0 });
  return elfImage(a.finish(), BASE, BASE);
}

/** A load from an unmapped page. */
function faultLoop() {
  const a = new Assembler(BASE);
  a.label('loop').op('ld', { rd: REG.t0, rs1: 0, imm: 0 }).to('jal', 'loop', { rd: 0 });
  return elfImage(a.finish(), BASE, BASE);
}

function secondContext(machine, first, asid) {
  const other = machine.contexts.create();
  machine.contexts.copy(first, other);
  const root = machine.memory[0].base / 4096 + 0x100;
  machine.contexts.setAddressSpace(other, root, asid);
  return other;
}

await suite(async ({ bench }) => {
  const calls = hostImage(callLoop());
  const [cpu] = calls.machine.cpus;
  const repeat = (contexts) => () => {
    for (let i = 0; i < BATCH; i++) cpu.run(contexts[i & 1], BUDGET);
  };
  await bench({ case: 'system call round trip', ours: repeat([calls.context, calls.context]), opsPerCall: BATCH });

  const thread = secondContext(calls.machine, calls.context, 1);
  await bench({
    case: 'system call, two threads in turn',
    ours: repeat([calls.context, thread]),
    opsPerCall: BATCH,
  });
  const process = secondContext(calls.machine, calls.context, 2);
  await bench({
    case: 'system call, two address spaces in turn',
    ours: repeat([calls.context, process]),
    opsPerCall: BATCH,
  });

  const faults = hostImage(faultLoop());
  const [faulting] = faults.machine.cpus;
  await bench({
    case: 'page fault round trip',
    ours: () => {
      for (let i = 0; i < BATCH; i++) faulting.run(faults.context, BUDGET);
    },
    opsPerCall: BATCH,
  });
});

/** Which kind of KVM this is, from one SYSCALL in ring 3. */
import { PAGE_SIZE } from '@veridian-os/abi';
import type { KvmKind } from '../api.js';
import { X86 } from '@veridian-os/hal';
import type { Backend } from './backend.js';
import { FIRST_PROGRAM, firstProgram } from './first-program.js';
import { VECTOR } from './faults.js';
import { adoptRoot } from './monitor.js';
import { DIRECT_HIGH } from './monitor-image.js';
import { PORT } from './stub.js';
import { BACK } from './vcpu.js';
import { KvmUnavailable } from './vm.js';

/** Nanoseconds of an attempt, and attempts: one may pass while a busy host does not run this process at all. */
const PATIENCE = 1e9;
const ATTEMPTS = 3;
const WORDS = PAGE_SIZE / 4;
const PRESENT = 1;

/**
 * Runs the first program in the first pages of RAM, which are zero again afterwards.
 * @throws KvmUnavailable when the guest does not come back, or not as either kind would
 */
export function findKind(backend: Backend): KvmKind {
  const { ram, plan, pool, alarm, clock, monitor, counter } = backend;
  const { base, u32 } = ram.regions[0];
  const program = firstProgram(base);
  u32.set(program);
  adoptRoot(ram, plan, base);
  const view = new Uint32Array(40);
  view[X86.RIP * 2] = FIRST_PROGRAM.address;
  const before = counter?.read() ?? 0;
  let back: number = BACK.INTERRUPTED;
  for (let attempt = 0; back === BACK.INTERRUPTED && attempt < ATTEMPTS; attempt++) {
    const end = clock.now() + PATIENCE;
    // Other signals of the host interrupt as well.
    do {
      alarm.ensure(end, clock.now());
      back = pool.current.run(view, base);
    } while (back === BACK.INTERRUPTED && clock.now() < end);
  }
  counter?.compare(before, view[X86.RAX * 2], view[X86.RDX * 2]);
  const entered = view[X86.RIP * 2] === backend.entry && view[X86.RIP * 2 + 1] === DIRECT_HIGH;
  if (back === BACK.INTERRUPTED) throw new KvmUnavailable('KVM runs no program in ring 3 here.');
  if (back === PORT.SYSCALL) monitor.kind = 'hardware';
  else if (back === VECTOR.PAGE && entered) monitor.kind = 'interpreted';
  else throw new KvmUnavailable(`KVM came back from the first system call with ${back}.`);
  if (monitor.kind === 'interpreted') monitor.sheds = shedsByByte(backend);
  pool.current.setRoot(plan.root);
  monitor.renew(Array.from({ length: FIRST_PROGRAM.tables }, (_, table) => base + table * PAGE_SIZE));
  u32.fill(0, 0, program.length);
  return monitor.kind;
}

/** Takes the program's page away behind KVM's back and sheds its table: does the program fault now? */
function shedsByByte({ ram, pool, monitor }: Backend): boolean {
  const { base, u32 } = ram.regions[0];
  const leaf = FIRST_PROGRAM.tables - 1;
  u32[leaf * WORDS + (FIRST_PROGRAM.address / PAGE_SIZE) * 2] &= ~PRESENT;
  monitor.sheds = true;
  monitor.renew([base + leaf * PAGE_SIZE]);
  const view = new Uint32Array(40);
  view[X86.RIP * 2] = FIRST_PROGRAM.address;
  let back: number = BACK.INTERRUPTED;
  while (back === BACK.INTERRUPTED) back = pool.current.run(view, base);
  return back === VECTOR.PAGE && view[X86.RIP * 2] === FIRST_PROGRAM.address;
}

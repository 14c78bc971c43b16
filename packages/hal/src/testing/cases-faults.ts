/** Permissions, wild addresses, page boundaries, missing physical memory. */
import { PAGE_SIZE, type Frame } from '@veridian-os/abi';
import { Access, FaultKind, TrapKind } from '../trap.js';
import { check, equal, equalBytes } from './assert.js';
import {
  CODE,
  DATA,
  expectError,
  expectFault,
  expectKind,
  expectPc,
  nameOf,
  type Bench,
  type Return,
} from './bench.js';
import type { CaseGroup } from './case-group.js';
import type { GuestIsa, Permissions } from './guest-isa.js';
import { RO, RW, RX, RWX } from './guest-space.js';

const AT = 0x80000;

export const faultCases: CaseGroup = (tools) => {
  permissionCases(tools);
  wildCases(tools);
  boundaryCases(tools);
  physicalCases(tools);
};

/** Tries one access to AT, whose page holds a system-call instruction. */
function attempt(bench: Bench, guest: GuestIsa, access: Access, permissions: Permissions | undefined): Return {
  const { code } = guest;
  const [value = 0, base = 0] = guest.work;
  const instruction = [code.load(64, value, base), code.store(64, value, base), code.jumpTo(base)][access];
  const { context, space } = bench.program(instruction, code.syscall());
  if (permissions !== undefined) bench.place(space, AT, [code.syscall()], undefined, permissions);
  bench.set(context, base, AT);
  return bench.run(context);
}

function describePermissions({ read, write, execute, user = true }: Permissions): string {
  return `${read ? 'r' : '-'}${write ? 'w' : '-'}${execute ? 'x' : '-'}${user ? '' : ' supervisor'}`;
}

const permissionCases: CaseGroup = ({ add, guest }) => {
  for (const permissions of guest.permissionSets) {
    for (const [name, access] of Object.entries(Access)) {
      const allows = [permissions.read, permissions.write, permissions.execute][access];
      const allowed = allows && permissions.user !== false;
      add(
        `${name.toLowerCase()} of a ${describePermissions(permissions)} page ${allowed ? 'succeeds' : 'faults'}`,
        (bench) => {
          const result = attempt(bench, guest, access, permissions);
          if (allowed) expectKind(result, TrapKind.Syscall);
          else expectFault(result, FaultKind.Page, access, AT);
        },
      );
    }
  }

  for (const [name, access] of Object.entries(Access)) {
    add(`${name.toLowerCase()} of an unmapped page faults`, (bench) => {
      expectFault(attempt(bench, guest, access, undefined), FaultKind.Page, access, AT);
    });
  }

  add('an atomic operation on a read-only page is a write fault', (bench) => {
    const { code } = guest;
    const [value = 0, base = 0] = guest.work;
    const { context, space } = bench.program(code.atomicAdd(value, base, value), code.syscall());
    space.map(AT, bench.memory.allocZeroed(), RO);
    bench.set(context, base, AT + 8);
    expectFault(bench.run(context), FaultKind.Page, Access.Write, AT + 8);
  });

  add('a not-present entry is not present whatever its other bits say', (bench) => {
    const { code, tables } = guest;
    const [value = 0, base = 0] = guest.work;
    const { context, space } = bench.program(code.load(8, value, base));
    const at = space.entryAddress(AT);
    bench.memory.write32((at + 4) as never, tables.absent[1]);
    bench.memory.write32(at, tables.absent[0]);
    bench.set(context, base, AT + 5);
    expectFault(bench.run(context), FaultKind.Page, Access.Read, AT + 5);
  });
};

const wildCases: CaseGroup = ({ add, guest }) => {
  const { code } = guest;
  const [value = 0, base = 0] = guest.work;
  for (const { lo, hi, access, fetch } of guest.wild) {
    const name = `0x${hi.toString(16)}_${lo.toString(16).padStart(8, '0')}`;
    const kind = nameOf(FaultKind, access.fault).toLowerCase();
    add(
      `wild load and store at ${name}: a ${kind} fault${kind === 'page' ? ' with both halves of the address' : ''}`,
      (bench) => {
        const load = bench.program(code.load(8, value, base));
        bench.set(load.context, base, lo, hi);
        const store = bench.program(code.store(8, value, base));
        bench.set(store.context, base, lo, hi);
        for (const [program, direction] of [
          [load, Access.Read],
          [store, Access.Write],
        ] as const) {
          const result = bench.run(program.context);
          if (access.fault === FaultKind.Page) expectFault(result, FaultKind.Page, direction, lo, hi);
          else expectError(result, access);
          expectPc(result, CODE);
        }
      },
    );

    add(
      `wild jump to ${name}: ${fetch.fault === FaultKind.Page ? 'an execute fault there, with the pc there' : 'a fault'}`,
      (bench) => {
        const { context } = bench.program(code.jumpTo(base));
        bench.set(context, base, lo, hi);
        const result = bench.run(context);
        const atTarget = result.pcLo === lo && result.pcHi === hi;
        if (fetch.fault === FaultKind.Page) {
          expectFault(result, FaultKind.Page, Access.Execute, lo, hi);
          check(atTarget, `pc: expected ${name}, got 0x${result.pcHi.toString(16)}_${result.pcLo.toString(16)}`);
          return;
        }
        expectError(result, fetch);
        // CPUs differ in which of the two instructions they blame.
        if (!atTarget) expectPc(result, CODE);
      },
    );
  }

  add('a load through the null pointer faults at 0', (bench) => {
    const { context } = bench.program(code.load(64, value, base));
    expectFault(bench.run(context), FaultKind.Page, Access.Read, 0);
  });
};

const boundaryCases: CaseGroup = ({ add, guest, features }) => {
  const { code } = guest;
  const [value = 0, base = 0] = guest.work;
  const nop = code.add(value, value, 1);

  add('the last byte of a page does not reach into the next one', (bench) => {
    const { context } = bench.program(code.load(8, value, base), code.store(8, value, base), code.syscall());
    bench.set(context, base, DATA + 4095);
    expectKind(bench.run(context), TrapKind.Syscall);
  });

  add('execution that runs off the end of a page faults at the next page', (bench) => {
    const { context, space } = bench.program();
    bench.place(space, 0x90000 + PAGE_SIZE - nop.length, [nop]);
    bench.setPc(context, 0x90000 + PAGE_SIZE - nop.length);
    const result = bench.run(context);
    expectFault(result, FaultKind.Page, Access.Execute, 0x91000);
    expectPc(result, 0x91000);
    equal(bench.get(context, value)[0], 1, 'the last instruction ran');
  });

  if (guest.codeAlignment < nop.length) {
    add('an instruction across two pages runs, and faults at the second page when that is missing', (bench) => {
      const before = nop.length / 2 - ((nop.length / 2) % guest.codeAlignment);
      const { context, space } = bench.program();
      const first = bench.memory.allocZeroed();
      const second = bench.memory.allocZeroed();
      bench.memory.view(first).set(nop.subarray(0, before), PAGE_SIZE - before);
      bench.memory.view(second).set([...nop.subarray(before), ...code.syscall()]);
      for (const frame of [first, second]) bench.machine.mmu.syncCode(frame, 1);
      space.map(0x90000, first, RX);
      bench.setPc(context, 0x91000 - before);
      const result = bench.run(context);
      expectFault(result, FaultKind.Page, Access.Execute, 0x91000);
      expectPc(result, 0x91000 - before);
      space.map(0x91000, second, RX);
      expectKind(bench.run(context), TrapKind.Syscall);
      equal(bench.get(context, value)[0], 1, 'ran once');
    });
  }

  if (!features.misaligned) return;
  for (const [name, access] of [
    ['load', Access.Read],
    ['store', Access.Write],
  ] as const) {
    add(`a ${name} across two pages faults in the missing one and changes nothing`, (bench) => {
      const instruction = access === Access.Read ? code.load(64, value, base) : code.store(64, value, base);
      const { context, space, dataFrame } = bench.program(instruction, code.syscall());
      bench.memory.view(dataFrame).fill(0x11);
      bench.set(context, value, 0x22222222, 0x22222222);
      bench.set(context, base, DATA + PAGE_SIZE - 3);
      const result = bench.run(context);
      expectKind(result, TrapKind.Fault);
      equal(result.access, access, 'access');
      equal(Math.floor(result.addressLo / PAGE_SIZE), DATA / PAGE_SIZE + 1, 'page of the fault address');
      check(
        bench.memory.view(dataFrame).every((byte) => byte === 0x11),
        'the first page was written to',
      );
      equal(bench.get(context, value)[0], 0x22222222, 'register');

      const next = bench.memory.allocZeroed();
      bench.memory.view(next).fill(0x33);
      space.map(DATA + PAGE_SIZE, next, RW);
      expectKind(bench.run(context), TrapKind.Syscall);
      if (access === Access.Read) equal(bench.get(context, value).join(), `${0x33111111},${0x33333333}`, 'loaded');
      else equalBytes(bench.memory.view(next).slice(0, 6), Uint8Array.of(0x22, 0x22, 0x22, 0x22, 0x22, 0x33), 'stored');
    });
  }
};

const physicalCases: CaseGroup = ({ add, guest, features }) => {
  const { code } = guest;
  const [value = 0, base = 0] = guest.work;
  /** A frame where neither memory nor a device is. */
  const hole = (bench: Bench): Frame => {
    const { memory, features } = bench.machine;
    const ranges = [...memory, ...features.devices];
    const end = Math.max(...ranges.map((range) => range.base + range.length));
    return (Math.ceil(end / PAGE_SIZE) + 16) as Frame;
  };

  const reported = features.busFaults === false ? [] : Object.entries(Access);
  for (const [name, access] of reported) {
    add(`${name.toLowerCase()} of a mapped page without memory behind it is a bus fault`, (bench) => {
      const instruction = [code.load(32, value, base), code.store(32, value, base), code.jumpTo(base)][access];
      const { context, space } = bench.program(instruction);
      space.map(AT, hole(bench), RWX);
      bench.set(context, base, AT + 4);
      expectFault(bench.run(context), FaultKind.Bus, access, AT + 4);
    });
  }

  add('a page table without memory behind it is a guest error, not a host error', (bench) => {
    const { context, space } = bench.program(code.load(32, value, base));
    // Not at the start of its page, where the entry that cannot be read is in its table: KVM's instruction emulator takes
    // the one for the other then, and who answers for missing memory (QEMU) lets the load succeed.
    const address = 0x40000100;
    const at = space.entryAddress(address, 1);
    const [lo, hi] = guest.tables.table(hole(bench));
    bench.memory.write32((at + 4) as never, hi);
    bench.memory.write32(at, lo);
    bench.set(context, base, address);
    const result = bench.run(context);
    expectKind(result, TrapKind.Fault);
    check(result.fault === FaultKind.Bus || result.fault === FaultKind.Page, `fault: got ${result.fault}`);
    expectPc(result, CODE);
  });
};

/** Machine mode alone: traps, delegation, WFI, counters and devices, without a supervisor. */
import { describe, expect, it } from '@jest/globals';
import { PTE, REG, Sv39Tables } from '../../src/testing.js';
import { CSR, RAM, csrLabel, csrWrite, makeBoard, openMemory, powerOff } from '../helpers/board.js';

const { a0, a1, a2, a3, s0, s1, s2, s3, t0 } = REG;
const CLINT = 0x200_0000;
const TABLES = RAM + 0x40_0000;

const STI = 1 << 5;
const MTI = 1 << 7;

describe('machine mode', () => {
  it('an exception goes to mtvec with cause, value and pc; mret returns', () => {
    const { machine, x } = makeBoard((a) => {
      a.to('jal', 'main', { rd: 0 }).align(4).label('trap');
      a.op('csrrs', { rd: a0, rs1: 0, csr: CSR.mcause }).op('csrrs', { rd: a1, rs1: 0, csr: CSR.mtval });
      a.op('csrrs', { rd: a2, rs1: 0, csr: CSR.mepc }).op('csrrs', { rd: a3, rs1: 0, csr: CSR.mstatus });
      powerOff(a);
      a.label('main');
      csrLabel(a, CSR.mtvec, 'trap');
      a.op('csrrsi', { rd: 0, rs1: 8, csr: CSR.mstatus }).li(s0, 0x4_0000).label('bad').i('ld', t0, s0, 0);
    });
    expect(machine.system.run(1000).kind).toBe('stopped');
    expect([x(a0), x(a1)]).toEqual([5n, 0x4_0000n]);
    expect(x(a3) & 0x1888n).toBe(0x1880n); // MPP = M, MPIE = 1, MIE = 0
  });

  it('a trap loop spends the budget', () => {
    const { machine } = makeBoard((a) => a.word(0));
    expect(machine.system.run(10_000)).toEqual({ kind: 'budget', consumed: 10_000 });
  });

  it.each([
    ['user', 0, 8, 0],
    ['supervisor', 1, 2, 0x100],
  ] as const)(
    'a delegated trap from %s mode goes to the supervisor, who sees where it came from and returns there',
    (_, mode, cause, previous) => {
      const { machine, x } = makeBoard((a) => {
        a.to('jal', 'main', { rd: 0 }).align(4).label('strap');
        a.op('csrrs', { rd: a0, rs1: 0, csr: CSR.scause }).op('csrrs', { rd: a1, rs1: 0, csr: CSR.sstatus });
        a.op('csrrs', { rd: t0, rs1: 0, csr: CSR.sepc })
          .i('addi', t0, t0, 4)
          .op('csrrw', { rd: 0, rs1: t0, csr: CSR.sepc });
        a.op('sret');
        // Then a breakpoint, which is not delegated, ends it in machine mode.
        a.align(4).label('mtrap').op('csrrs', { rd: a2, rs1: 0, csr: CSR.mstatus });
        powerOff(a);
        a.label('code');
        if (mode === 0) a.op('ecall');
        else a.op('mret');
        a.op('ebreak');
        a.label('main');
        openMemory(a);
        csrLabel(a, CSR.stvec, 'strap');
        csrLabel(a, CSR.mtvec, 'mtrap');
        csrLabel(a, CSR.mepc, 'code');
        csrWrite(a, CSR.medeleg, (1 << 8) | (1 << 2));
        csrWrite(a, CSR.mstatus, (mode << 11) | 2);
        a.op('mret');
      });
      expect(machine.system.run(1000).kind).toBe('stopped');
      expect(x(a0)).toBe(BigInt(cause));
      expect(x(a1) & 0x122n).toBe(BigInt(previous | 0x20)); // SPP; SIE moved to SPIE
      expect((x(a2) >> 11n) & 3n).toBe(BigInt(mode));
    },
  );

  it('vectored interrupts: a software interrupt enters at 4 x its cause', () => {
    const { machine, x } = makeBoard((a) => {
      a.to('jal', 'main', { rd: 0 }).align(64).label('vectors');
      for (let i = 0; i < 12; i++) a.to('jal', 'out', { rd: a0 });
      a.label('out').op('auipc', { rd: a1, imm: 0 });
      powerOff(a);
      a.label('main');
      csrWrite(a, CSR.mtvec, a.addressOf('vectors') + 1);
      csrWrite(a, CSR.mie, 8);
      a.op('csrrsi', { rd: 0, rs1: 8, csr: CSR.mstatus }).li(s0, CLINT).li(t0, 1).s('sw', t0, s0, 0);
      a.label('spin').to('jal', 'spin', { rd: 0 });
    });
    expect(machine.system.run(1000).kind).toBe('stopped');
    expect(x(a1) - x(a0)).toBe(BigInt((12 - 3 - 1) * 4)); // linked from vector 3
  });

  it('reserved modes of mtvec and stvec leave the mode as it was, and take the base', () => {
    for (const csr of [CSR.mtvec, CSR.stvec]) {
      const { machine, x } = makeBoard((a) => {
        const write = (value: number, rd: number): void => {
          csrWrite(a, csr, value);
          a.op('csrrs', { rd, rs1: 0, csr });
        };
        write(0x103, a0);
        write(0x201, a1);
        write(0x302, a2);
        write(0x403, a3);
        powerOff(a);
      });
      expect(machine.system.run(1000).kind).toBe('stopped');
      expect([x(a0), x(a1), x(a2), x(a3)]).toEqual([0x100n, 0x201n, 0x301n, 0x401n]);
    }
  });

  it('mtime can be set, forwards and backwards; time and both comparators follow', () => {
    const timers = MTI | STI;
    const { machine, x } = makeBoard((a) => {
      csrWrite(a, CSR.menvcfg, 1n << 63n);
      csrWrite(a, CSR.stimecmp, 2_000_000);
      a.li(s0, CLINT + 0x4000)
        .li(t0, 1_000_000)
        .s('sd', t0, s0, 0)
        .li(s1, CLINT + 0xbff8);
      const set = (ticks: bigint, pending: number): void => {
        a.li(t0, ticks).s('sd', t0, s1, 0).op('csrrs', { rd: pending, rs1: 0, csr: CSR.mip });
      };
      set(999_000n, a0);
      set(1_000_000n, a1);
      set((5n << 32n) + 7n, a2);
      a.i('ld', s2, s1, 0).op('csrrs', { rd: s3, rs1: 0, csr: CSR.time });
      set(0n, a3);
      powerOff(a);
    });
    expect(machine.system.run(1000).kind).toBe('stopped');
    const pending = [a0, a1, a2, a3].map((register) => Number(x(register)) & timers);
    expect(pending).toEqual([0, MTI, timers, 0]);
    expect([x(s2), x(s3)]).toEqual([(5n << 32n) + 7n, (5n << 32n) + 7n]);
  });

  it('a hart that waits sleeps until the time that was set back', () => {
    const { machine, x } = makeBoard((a) => {
      csrWrite(a, CSR.mie, MTI);
      a.li(s0, CLINT + 0x4000)
        .li(t0, 1_000_000)
        .s('sd', t0, s0, 0)
        .op('wfi');
      a.li(s1, CLINT + 0xbff8)
        .s('sd', 0, s1, 0)
        .op('wfi')
        .op('csrrs', { rd: a0, rs1: 0, csr: CSR.time });
      powerOff(a);
    });
    expect(machine.system.run(1000).kind).toBe('stopped');
    expect(x(a0)).toBe(1_000_000n);
    expect(machine.clock.now()).toBeGreaterThanOrEqual(2_000_000 * 100);
  });

  it('the reserved MPP = 2 becomes user mode', () => {
    const { machine, x } = makeBoard((a) => {
      csrWrite(a, CSR.mstatus, 3 << 11);
      a.op('csrrs', { rd: a0, rs1: 0, csr: CSR.mstatus });
      csrWrite(a, CSR.mstatus, 2 << 11);
      a.op('csrrs', { rd: a1, rs1: 0, csr: CSR.mstatus });
      powerOff(a);
    });
    expect(machine.system.run(1000).kind).toBe('stopped');
    expect([x(a0) & 0x1800n, x(a1) & 0x1800n]).toEqual([0x1800n, 0n]);
  });

  it('WFI with nothing to wait for is idle; with a timer, time jumps', () => {
    const idle = makeBoard((a) => a.op('wfi').to('jal', 'x', { rd: 0 }).label('x').op('wfi'));
    expect(idle.machine.system.run(1000).kind).toBe('idle');
    const timed = makeBoard((a) => {
      csrWrite(a, CSR.mie, MTI);
      a.li(s0, CLINT + 0x4000)
        .li(t0, 5_000_000)
        .s('sd', t0, s0, 0)
        .op('wfi')
        .op('csrrs', { rd: a0, rs1: 0, csr: CSR.time });
      powerOff(a);
    });
    expect(timed.machine.system.run(1000).kind).toBe('stopped');
    expect(timed.x(a0)).toBe(5_000_000n);
  });

  it('loads and stores use the previous privilege under MPRV', () => {
    const { machine, x } = makeBoard((a) => {
      openMemory(a);
      csrWrite(a, CSR.satp, (8n << 60n) | BigInt(TABLES / 4096));
      csrWrite(a, CSR.mstatus, (1 << 17) | (1 << 11));
      a.li(s0, 0x1000_0000_0).i('ld', a0, s0, 8).op('csrrc', { rd: 0, rs1: 31, csr: CSR.mstatus });
      powerOff(a);
    });
    new Sv39Tables(machine.memory[0], TABLES).map(0x1_0000_0000, RAM + 0x20_0000, 1, PTE.V | PTE.R | PTE.A);
    machine.memory[0].u32[0x20_0008 / 4] = 4711;
    expect(machine.system.run(1000).kind).toBe('stopped');
    expect(x(a0)).toBe(4711n);
  });

  it('sfence.vma of one address forgets the whole superpage', () => {
    const entry = TABLES + 8 * 4; // the root's entry for 0x1_0000_0000
    const { machine, x } = makeBoard(
      (a) => {
        openMemory(a);
        csrWrite(a, CSR.satp, (8n << 60n) | BigInt(TABLES / 4096));
        a.li(s0, 0x1_0000_8000)
          .li(s1, entry)
          .li(s2, ((RAM / 4096) << 10) | 0xcf)
          .li(s3, 1 << 17);
        csrWrite(a, CSR.mstatus, 1 << 11);
        a.op('csrrs', { rd: 0, rs1: s3, csr: CSR.mstatus })
          .i('ld', a0, s0, 0)
          .op('csrrc', { rd: 0, rs1: s3, csr: CSR.mstatus });
        a.s('sd', s2, s1, 0).li(t0, 0x1_0000_0000).op('sfence.vma', { rs1: t0 });
        a.op('csrrs', { rd: 0, rs1: s3, csr: CSR.mstatus })
          .i('ld', a1, s0, 0)
          .op('csrrc', { rd: 0, rs1: s3, csr: CSR.mstatus });
        powerOff(a);
      },
      {
        ram: [
          { base: RAM, bytes: 8 * 1024 * 1024 },
          { base: 0xc000_0000, bytes: 1024 * 1024 },
        ],
        memoryBytes: undefined,
      },
    );
    const [low, high] = machine.memory;
    low.u32[0x8000 / 4] = 111;
    high.u32[0x8000 / 4] = 222;
    new Sv39Tables(low, TABLES).map(0x1_0000_0000, 0xc000_0000, 1, PTE.V | PTE.R | PTE.W | PTE.A | PTE.D, 2);
    expect(machine.system.run(1000).kind).toBe('stopped');
    expect([x(a0), x(a1)]).toEqual([222n, 111n]);
  });

  it.each([
    ['Sv48', 9n, 1, 0x8000_0000_0000n],
    ['Sv57', 10n, 2, 0x100_0000_0000_0000n],
  ] as const)('%s translates, and faults on what it cannot reach', (_, mode, extra, beyond) => {
    const root = TABLES - 4096 * extra;
    const at = 0x1_0000_0000n;
    const { machine, x } = makeBoard((a) => {
      a.to('jal', 'main', { rd: 0 }).align(4).label('trap').op('csrrs', { rd: a2, rs1: 0, csr: CSR.mcause });
      powerOff(a);
      a.label('main');
      csrLabel(a, CSR.mtvec, 'trap');
      openMemory(a);
      csrWrite(a, CSR.satp, (mode << 60n) | BigInt(root / 4096));
      a.op('csrrs', { rd: a1, rs1: 0, csr: CSR.satp });
      csrWrite(a, CSR.mstatus, (1 << 17) | (1 << 11));
      a.li(s0, at).i('ld', a0, s0, 8).li(s0, beyond).i('ld', a0, s0, 0);
    });
    const ram = machine.memory[0];
    new Sv39Tables(ram, TABLES).map(at, RAM + 0x20_0000, 1, PTE.V | PTE.R | PTE.A);
    for (let level = 0; level < extra; level++) {
      ram.u32[(root + level * 4096 - RAM) / 4] = (((root + (level + 1) * 4096) / 4096) << 10) | PTE.V;
    }
    ram.u32[0x20_0008 / 4] = 4711;
    expect(machine.system.run(1000).kind).toBe('stopped');
    expect([x(a0), x(a1) >> 60n, x(a2)]).toEqual([4711n, mode, 13n]);
  });

  it('SUM and MXR decide what a supervisor may read', () => {
    for (const [status, cause] of [
      [0, 13],
      [1 << 18, 0],
      [1 << 19, 13],
    ] as const) {
      const { machine, x } = makeBoard((a) => {
        a.to('jal', 'main', { rd: 0 }).align(4).label('trap').op('csrrs', { rd: a0, rs1: 0, csr: CSR.mcause });
        powerOff(a);
        a.label('main');
        csrLabel(a, CSR.mtvec, 'trap');
        openMemory(a);
        csrWrite(a, CSR.satp, (8n << 60n) | BigInt(TABLES / 4096));
        csrWrite(a, CSR.mstatus, (1 << 17) | (1 << 11) | status);
        a.li(s0, 0x1_0000_0000)
          .i('ld', a1, s0, 0)
          .li(t0, 1 << 17)
          .op('csrrc', { rd: 0, rs1: t0, csr: CSR.mstatus });
        powerOff(a);
      });
      new Sv39Tables(machine.memory[0], TABLES).map(0x1_0000_0000, RAM, 1, PTE.V | PTE.U | PTE.R | PTE.A);
      machine.system.run(1000);
      expect(x(a0)).toBe(BigInt(cause));
    }
  });

  it('floating point is illegal while FS is off, and marks FS dirty', () => {
    const { machine, x } = makeBoard((a) => {
      a.to('jal', 'main', { rd: 0 }).align(4).label('trap').op('csrrs', { rd: a0, rs1: 0, csr: CSR.mcause });
      a.li(t0, 1 << 13)
        .op('csrrs', { rd: 0, rs1: t0, csr: CSR.mstatus })
        .op('mret');
      a.label('main');
      csrLabel(a, CSR.mtvec, 'trap');
      a.op('fadd.d', { rd: 1, rs1: 1, rs2: 1 }).op('csrrs', { rd: a1, rs1: 0, csr: CSR.mstatus });
      powerOff(a);
    });
    expect(machine.system.run(1000).kind).toBe('stopped');
    expect(x(a0)).toBe(2n);
    expect(x(a1) >> 63n).toBe(1n);
    expect((x(a1) >> 13n) & 3n).toBe(3n);
  });

  it('the device tree is where firmware says, readable by the guest', () => {
    const { machine, x } = makeBoard((a) => {
      a.li(s0, 0x1100).i('lwu', a0, s0, 0).i('ld', a1, s0, 0);
      powerOff(a);
    });
    expect(machine.firmware.address).toBe(0x1100);
    machine.system.run(1000);
    expect(x(a0)).toBe(0xedfe0dd0n);
    expect(x(a1) & 0xffffffffn).toBe(0xedfe0dd0n);
  });
});

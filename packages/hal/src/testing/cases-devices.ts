/** Devices on the bus, the interrupt controller, and what the firmware says about all of it. */
import { PAGE_SIZE, type Frame, type PhysAddr } from '@veridian-os/abi';
import { describeHardware } from '../hardware.js';
import type { DeviceRange, Machine } from '../machine.js';
import { TrapKind } from '../trap.js';
import { check, equal, equalBytes, throwsRangeError } from './assert.js';
import { DATA, endless, expectKind, type Bench } from './bench.js';
import type { CaseGroup } from './case-group.js';
import { RW } from './guest-space.js';

/** Registers of a 16550 UART. */
const IER = 1;
const IIR = 2;
const LSR = 5;
const SCR = 7;
/** IER: interrupt when the transmitter is empty. LSR: transmitter empty. IIR: why, 1 = no interrupt. */
const IER_TRANSMIT = 2;
const LSR_TRANSMIT_EMPTY = 0x20;
const IIR_TRANSMIT = 2;
const IIR_NONE = 1;

export const deviceCases: CaseGroup = (tools) => {
  if (tools.firmware === 'fdt') firmwareCases(tools);
  machineCases(tools);
  controllerCases(tools);
  const uart = tools.features.devices.find(({ compatible }) => compatible === 'ns16550a');
  if (uart !== undefined) uartCases(tools, uart);
};

const firmwareCases: CaseGroup = ({ add, features, guest }) => {
  const described = (machine: Machine) => describeHardware(machine.firmware);

  add('firmware: memory agrees with the regions', ({ machine }) => {
    const ranges = described(machine).memory.map(({ base, length, node }) => `${base}+${length}@${node}`);
    const regions = machine.memory.map(({ base, length, node }) => `${base}+${length}@${node}`);
    equal(ranges.join(' '), regions.join(' '), 'memory');
  });

  add('firmware: every device of the machine is described, with base, length and interrupt', ({ machine }) => {
    const { devices } = described(machine);
    for (const device of features.devices) {
      const found = devices.find(({ base }) => base === device.base);
      check(found !== undefined, `${device.compatible} at 0x${device.base.toString(16)} is missing`);
      check(found.compatible.includes(device.compatible), `compatible: ${found.compatible.join()}`);
      equal(found.length, device.length, `length of ${device.compatible}`);
      equal(found.interrupt, device.interrupt, `interrupt of ${device.compatible}`);
    }
  });

  add('firmware: one cpu node per CPU, with an ISA and a time base', ({ machine }) => {
    const { cpus, timebaseFrequency } = described(machine);
    equal(cpus.length, machine.cpus.length, 'cpus');
    if (guest.isa !== 'riscv64') return;
    for (const { isa } of cpus) check(isa.startsWith('rv64'), `isa: got '${isa}'`);
    check(timebaseFrequency > 0, 'timebase-frequency');
  });
};

const machineCases: CaseGroup = ({ add, guest }) => {
  add('firmware: the guest finds the blob at its address', ({ machine }) => {
    const { blob, address } = machine.firmware;
    const region = machine.memory.find(({ base, length }) => address >= base && address < base + length);
    if (region === undefined) return; // in a ROM outside memory
    const at = address - region.base;
    equalBytes(region.u8.slice(at, at + blob.length), blob, 'blob in memory');
  });

  add('info names the machine and its layout matches the ISA', ({ machine }) => {
    check(machine.info.name !== '' && machine.info.description !== '', 'name or description is empty');
    equal(machine.info.layout.isa, machine.features.isa, 'isa');
    equal(machine.info.layout.isa, guest.isa, 'isa of the guest programs');
  });

  add('devices do not overlap each other or memory', ({ machine }) => {
    const ranges = [...machine.memory, ...machine.features.devices].map(({ base, length }) => ({
      base: base,
      length,
    }));
    ranges.sort((a, b) => a.base - b.base);
    ranges.slice(1).forEach((range, index) => {
      const before = ranges[index];
      check(before.base + before.length <= range.base, `0x${range.base.toString(16)} is used twice`);
    });
  });
};

const controllerCases: CaseGroup = ({ add }) => {
  add('interrupts: sources and priorities out of range are RangeErrors', ({ machine: { interrupts } }) => {
    check(interrupts.sources > 0, 'sources');
    for (const source of [0, -1, interrupts.sources + 1, 1.5, Number.NaN]) {
      throwsRangeError(() => interrupts.enable(source, 1), 'source');
    }
    for (const priority of [0, -1, 8, 1.5]) throwsRangeError(() => interrupts.enable(1, priority), 'priority');
  });

  add('interrupts: nothing is pending at the start', ({ machine: { interrupts } }) => {
    equal(interrupts.pending(), false, 'pending');
    equal(interrupts.claim(), 0, 'claim');
  });
};

const uartCases = ({ add, guest }: Parameters<CaseGroup>[0], uart: DeviceRange): void => {
  const at = (register: number): PhysAddr => (uart.base + register) as PhysAddr;
  /** The UART is always ready to transmit: enabling that interrupt raises it. */
  const raise = ({ machine }: Bench): void => machine.bus.write8(at(IER), IER_TRANSMIT);

  add('bus: the UART answers reads and writes of its registers', ({ machine: { bus } }) => {
    for (const value of [0x5a, 0xa5, 0]) {
      bus.write8(at(SCR), value);
      equal(bus.read8(at(SCR)), value, 'scratch register');
    }
    check((bus.read8(at(LSR)) & LSR_TRANSMIT_EMPTY) !== 0, 'the transmitter is not empty');
  });

  add('bus: the UART says why it interrupts, and that reading ends it', (bench) => {
    const { bus } = bench.machine;
    equal(bus.read8(at(IIR)) & 0xf, IIR_NONE, 'before');
    raise(bench);
    equal(bus.read8(at(IIR)) & 0xf, IIR_TRANSMIT, 'raised');
    equal(bus.read8(at(IIR)) & 0xf, IIR_NONE, 'after it was read');
  });

  if (uart.hosted !== true) mappedCase({ add, guest }, uart);

  if (uart.interrupt === 0) return;

  add('interrupts: an enabled source is pending, claimed once, and completes', (bench) => {
    const { interrupts, bus } = bench.machine;
    interrupts.enable(uart.interrupt, 1);
    equal(interrupts.pending(), false, 'pending before');
    raise(bench);
    equal(interrupts.pending(), true, 'pending');
    equal(interrupts.claim(), uart.interrupt, 'claim');
    equal(interrupts.pending(), false, 'pending while in service');
    equal(interrupts.claim(), 0, 'second claim');
    bus.read8(at(IIR));
    interrupts.complete(uart.interrupt);
    equal(interrupts.pending(), false, 'pending after the device was served');
  });

  add('interrupts: a level that is still high is pending again after complete', (bench) => {
    const { interrupts, bus } = bench.machine;
    interrupts.enable(uart.interrupt, 7);
    raise(bench);
    for (let round = 0; round < 3; round++) {
      equal(interrupts.claim(), uart.interrupt, `claim ${round}`);
      interrupts.complete(uart.interrupt);
    }
    bus.write8(at(IER), 0);
    // A controller may or may not remember what was pending when the level fell; once served, it is over.
    if (interrupts.claim() !== 0) interrupts.complete(uart.interrupt);
    equal(interrupts.claim(), 0, 'claim after the level fell');
  });

  add('interrupts: a disabled source is silent and shows up when enabled', (bench) => {
    const { interrupts } = bench.machine;
    interrupts.enable(uart.interrupt, 1);
    interrupts.disable(uart.interrupt);
    raise(bench);
    equal(interrupts.pending(), false, 'pending');
    equal(interrupts.claim(), 0, 'claim');
    interrupts.enable(uart.interrupt, 1);
    equal(interrupts.claim(), uart.interrupt, 'claim once enabled');
  });

  add('interrupts: a pending source interrupts a running program until it is claimed', (bench) => {
    const { interrupts } = bench.machine;
    const { context } = bench.program(...endless(guest, guest.code.add(guest.work[0], guest.work[0], 1)));
    interrupts.enable(uart.interrupt, 3);
    raise(bench);
    expectKind(bench.runOnce(context, 1_000_000), TrapKind.Interrupt);
    equal(interrupts.claim(), uart.interrupt, 'claim');
    expectKind(bench.run(context, 100_000), TrapKind.Budget);
  });
};

const mappedCase = ({ add, guest }: Pick<Parameters<CaseGroup>[0], 'add' | 'guest'>, uart: DeviceRange): void => {
  add('a guest that has the device mapped reads the same registers', (bench) => {
    const { code } = guest;
    const [value = 0, base = 0] = guest.work;
    const { context, space } = bench.program(code.load(8, value, base), code.syscall());
    space.map(DATA + PAGE_SIZE, (uart.base / PAGE_SIZE) as Frame, RW);
    bench.machine.bus.write8((uart.base + SCR) as PhysAddr, 0x77);
    bench.set(context, base, DATA + PAGE_SIZE + SCR);
    expectKind(bench.run(context), TrapKind.Syscall);
    equal(bench.get(context, value)[0], 0x77, 'scratch register');
  });
};

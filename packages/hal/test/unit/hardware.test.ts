import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import type { PhysAddr } from '@veridian-os/abi';
import { describeHardware, type Firmware } from '@veridian-os/hal';
import { buildFdt, type BuildFdtNode } from '@veridian-os/hal/testing';
import { needs } from '../../../../tools/require-tool.js';

const firmware = (blob: Uint8Array, kind: 'fdt' | 'acpi' = 'fdt'): Firmware => ({
  kind,
  blob,
  address: 0x87e00000 as PhysAddr,
});

/** The shape of QEMU's riscv64 `virt` machine with two harts, written as a source for dtc. */
const SOURCE = `/dts-v1/;
/memreserve/ 0x80000000 0x40000;
/ {
  #address-cells = <2>; #size-cells = <2>; compatible = "riscv-virtio"; model = "riscv-virtio,qemu";
  chosen { bootargs = "quiet"; stdout-path = "serial0:115200n8"; };
  aliases { serial0 = "/soc/serial@10000000"; };
  reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges; mmode@80040000 { reg = <0 0x80040000 0 0x1000>; }; };
  memory@180000000 { device_type = "memory"; reg = <1 0x80000000 0 0x10000000>; numa-node-id = <1>; };
  memory@80000000 { device_type = "memory"; reg = <0 0x80000000 0 0x8000000>; };
  cpus {
    #address-cells = <1>; #size-cells = <0>; timebase-frequency = <10000000>;
    cpu@0 { device_type = "cpu"; reg = <0>; compatible = "riscv"; riscv,isa = "rv64imafdc_zicsr_zifencei"; mmu-type = "riscv,sv39"; riscv,cboz-block-size = <64>;
      i0: interrupt-controller { #interrupt-cells = <1>; interrupt-controller; compatible = "riscv,cpu-intc"; }; };
    cpu@1 { device_type = "cpu"; reg = <1>; compatible = "riscv"; mmu-type = "riscv,sv48"; numa-node-id = <1>;
      riscv,isa-base = "rv64i"; riscv,isa-extensions = "i", "m", "a", "zicsr";
      i1: interrupt-controller { #interrupt-cells = <1>; interrupt-controller; compatible = "riscv,cpu-intc"; }; };
    cpu@2 { device_type = "cpu"; reg = <2>; status = "disabled"; };
  };
  soc {
    #address-cells = <2>; #size-cells = <2>; compatible = "simple-bus"; ranges;
    serial@10000000 { compatible = "ns16550a"; reg = <0 0x10000000 0 0x100>; interrupts = <10>; interrupt-parent = <&plic>; };
    plic: plic@c000000 { compatible = "sifive,plic-1.0.0", "riscv,plic0"; reg = <0 0xc000000 0 0x600000>; #interrupt-cells = <1>;
      #address-cells = <0>; interrupt-controller; interrupts-extended = <&i0 11 &i0 9 &i1 11 &i1 9>; riscv,ndev = <95>; };
    clint@2000000 { compatible = "sifive,clint0", "riscv,clint0"; reg = <0 0x2000000 0 0x10000>; interrupts-extended = <&i0 3 &i0 7 &i1 3 &i1 7>; };
    rtc@101000 { compatible = "google,goldfish-rtc"; reg = <0 0x101000 0 0x1000>; interrupts = <11>; interrupt-parent = <&plic>; status = "disabled"; };
  };
};
`;

/** The same tree through our own builder. */
const TREE: BuildFdtNode = {
  properties: { '#address-cells': 2, '#size-cells': 2, compatible: 'riscv-virtio', model: 'riscv-virtio,qemu' },
  children: {
    chosen: { properties: { bootargs: 'quiet', 'stdout-path': 'serial0:115200n8' } },
    aliases: { properties: { serial0: '/soc/serial@10000000' } },
    'reserved-memory': {
      properties: { '#address-cells': 2, '#size-cells': 2, ranges: true },
      children: { 'mmode@80040000': { properties: { reg: [0, 0x80040000, 0, 0x1000] } } },
    },
    'memory@180000000': {
      properties: { device_type: 'memory', reg: [1, 0x80000000, 0, 0x10000000], 'numa-node-id': 1 },
    },
    'memory@80000000': { properties: { device_type: 'memory', reg: [0, 0x80000000, 0, 0x8000000] } },
    cpus: {
      properties: { '#address-cells': 1, '#size-cells': 0, 'timebase-frequency': 10000000 },
      children: {
        'cpu@0': {
          properties: {
            device_type: 'cpu',
            reg: 0,
            compatible: 'riscv',
            'riscv,isa': 'rv64imafdc_zicsr_zifencei',
            'mmu-type': 'riscv,sv39',
            'riscv,cboz-block-size': 64,
          },
          children: { intc: { properties: { '#interrupt-cells': 1, compatible: 'riscv,cpu-intc', phandle: 1 } } },
        },
        'cpu@1': {
          properties: {
            device_type: 'cpu',
            reg: 1,
            compatible: 'riscv',
            'mmu-type': 'riscv,sv48',
            'numa-node-id': 1,
            'riscv,isa-base': 'rv64i',
            'riscv,isa-extensions': ['i', 'm', 'a', 'zicsr'],
          },
          children: { intc: { properties: { '#interrupt-cells': 1, compatible: 'riscv,cpu-intc', phandle: 2 } } },
        },
        'cpu@2': { properties: { device_type: 'cpu', reg: 2, status: 'disabled' } },
      },
    },
    soc: {
      properties: { '#address-cells': 2, '#size-cells': 2, compatible: 'simple-bus', ranges: true },
      children: {
        'serial@10000000': {
          properties: { compatible: 'ns16550a', reg: [0, 0x10000000, 0, 0x100], interrupts: 10, 'interrupt-parent': 3 },
        },
        'plic@c000000': {
          properties: {
            compatible: ['sifive,plic-1.0.0', 'riscv,plic0'],
            reg: [0, 0xc000000, 0, 0x600000],
            '#interrupt-cells': 1,
            'interrupts-extended': [1, 11, 1, 9, 2, 11, 2, 9],
            phandle: 3,
          },
        },
        'clint@2000000': {
          properties: {
            compatible: ['sifive,clint0', 'riscv,clint0'],
            reg: [0, 0x2000000, 0, 0x10000],
            'interrupts-extended': [1, 3, 1, 7, 2, 3, 2, 7],
          },
        },
        'rtc@101000': {
          properties: { compatible: 'google,goldfish-rtc', reg: [0, 0x101000, 0, 0x1000], status: 'disabled' },
        },
      },
    },
  },
};
const RESERVATIONS = [{ base: 0x80000000, length: 0x40000 }];

const EXPECTED = {
  model: 'riscv-virtio,qemu',
  bootCpu: 0,
  cpus: [
    {
      id: 0,
      isa: 'rv64imafdc_zicsr_zifencei',
      mmu: 'sv39',
      cbozBlockBytes: 64,
      cbomBlockBytes: 0,
      compatible: ['riscv'],
      node: 0,
    },
    { id: 1, isa: 'rv64ima_zicsr', mmu: 'sv48', cbozBlockBytes: 0, cbomBlockBytes: 0, compatible: ['riscv'], node: 1 },
  ],
  memory: [
    { base: 0x80000000, length: 0x8000000, node: 0 },
    { base: 0x180000000, length: 0x10000000, node: 1 },
  ],
  reserved: [
    { base: 0x80000000, length: 0x40000, node: 0 },
    { base: 0x80040000, length: 0x1000, node: 0 },
  ],
  devices: [
    {
      path: '/soc/clint@2000000',
      compatible: ['sifive,clint0', 'riscv,clint0'],
      base: 0x2000000,
      length: 0x10000,
      interrupt: 0,
    },
    {
      path: '/soc/plic@c000000',
      compatible: ['sifive,plic-1.0.0', 'riscv,plic0'],
      base: 0xc000000,
      length: 0x600000,
      interrupt: 0,
    },
    { path: '/soc/serial@10000000', compatible: ['ns16550a'], base: 0x10000000, length: 0x100, interrupt: 10 },
  ],
  timebaseFrequency: 10000000,
  consolePath: '/soc/serial@10000000',
  bootArguments: 'quiet',
};

const dtc = needs('dtc');

describe('describeHardware', () => {
  it('describes a virt-like machine', () => {
    expect(describeHardware(firmware(buildFdt(TREE, { reservations: RESERVATIONS })))).toEqual(EXPECTED);
  });

  (dtc ? it : it.skip)('describes what the device tree compiler made of the same source (needs dtc)', () => {
    const { stdout, status } = spawnSync('dtc', ['-q', '-I', 'dts', '-O', 'dtb', '-b', '0'], { input: SOURCE });
    expect(status).toBe(0);
    expect(describeHardware(firmware(new Uint8Array(stdout)))).toEqual(EXPECTED);
  });

  (dtc ? it : it.skip)('builds blobs that the device tree compiler reads (needs dtc)', () => {
    const { stdout, status } = spawnSync('dtc', ['-q', '-I', 'dtb', '-O', 'dtb'], { input: buildFdt(TREE) });
    expect(status).toBe(0);
    expect(describeHardware(firmware(new Uint8Array(stdout)))).toEqual({
      ...EXPECTED,
      reserved: EXPECTED.reserved.slice(1),
    });
  });

  it('numbers the interrupts of a three-cell controller as the GIC does', () => {
    const device = (cells: number[]) =>
      describeHardware(
        firmware(
          buildFdt({
            properties: { '#address-cells': 1, '#size-cells': 1, 'interrupt-parent': 1 },
            children: {
              'memory@0': { properties: { device_type: 'memory', reg: [0, 0x1000] } },
              cpus: {
                properties: { '#address-cells': 1, '#size-cells': 0 },
                children: { cpu: { properties: { device_type: 'cpu', reg: 0 } } },
              },
              gic: { properties: { phandle: 1, '#interrupt-cells': 3, reg: [0x8000000, 0x1000] } },
              uart: { properties: { compatible: 'arm,pl011', reg: [0x9000000, 0x1000], interrupts: cells } },
            },
          }),
        ),
      ).devices[0].interrupt;
    expect(device([0, 1, 4])).toBe(33);
    expect(device([1, 14, 4])).toBe(30);
  });

  it('says what is wrong with the firmware', () => {
    expect(() => describeHardware(firmware(new Uint8Array(8), 'acpi'))).toThrow(
      new RangeError("firmware.kind: expected 'fdt', got 'acpi'"),
    );
    expect(() => describeHardware(firmware(new Uint8Array(8)))).toThrow(
      'firmware.blob: blob: expected at least 40 bytes, got 8 (byte 0)',
    );
    expect(() => describeHardware(firmware(buildFdt({})))).toThrow('expected at least one enabled cpu node');
    const { 'memory@80000000': _a, 'memory@180000000': _b, ...children } = TREE.children!;
    expect(() => describeHardware(firmware(buildFdt({ ...TREE, children })))).toThrow('at least one memory range');
  });
});

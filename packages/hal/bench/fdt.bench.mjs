/** The first boot stage: a device tree of a virt-like machine to a hardware description. */
import { suite } from '../../../tools/bench.mjs';
import { describeHardware, parseFdt } from '@veridian-os/hal';
import { buildFdt } from '@veridian-os/hal/testing';

const CPUS = 4;
const DEVICES = 32;
const range = (count, make) => Object.fromEntries(Array.from({ length: count }, (_, i) => make(i)));
const blob = buildFdt({
  properties: { '#address-cells': 2, '#size-cells': 2, compatible: 'riscv-virtio' },
  children: {
    'memory@80000000': { properties: { device_type: 'memory', reg: [0, 0x80000000, 0, 0x10000000] } },
    cpus: {
      properties: { '#address-cells': 1, '#size-cells': 0, 'timebase-frequency': 10_000_000 },
      children: range(CPUS, (i) => [
        `cpu@${i}`,
        { properties: { device_type: 'cpu', reg: i, 'riscv,isa': 'rv64imafdc', 'mmu-type': 'riscv,sv39' } },
      ]),
    },
    soc: {
      properties: { '#address-cells': 2, '#size-cells': 2, compatible: 'simple-bus', ranges: true },
      children: {
        plic: { properties: { phandle: 1, '#interrupt-cells': 1, reg: [0, 0xc000000, 0, 0x600000] } },
        ...range(DEVICES, (i) => [
          `virtio_mmio@${(0x10001000 + i * 0x1000).toString(16)}`,
          {
            properties: {
              compatible: 'virtio,mmio',
              reg: [0, 0x10001000 + i * 0x1000, 0, 0x1000],
              interrupts: i + 1,
              'interrupt-parent': 1,
            },
          },
        ]),
      },
    },
  },
});
const firmware = { kind: 'fdt', blob, address: 0x87000000 };

await suite(async ({ bench }) => {
  await bench({ case: `device tree of ${CPUS + DEVICES + 5} nodes`, ours: () => parseFdt(blob) });
  await bench({ case: 'hardware description of it', ours: () => describeHardware(firmware) });
});

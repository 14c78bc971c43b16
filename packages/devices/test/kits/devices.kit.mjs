import { Clint, Plic, Uart16550 } from '@veridian-os/devices';
import { deviceKit } from '@veridian-os/devices/testing';

const nothing = () => undefined;

export default function run(runner) {
  deviceKit(runner, '16550', () => new Uart16550(nothing, nothing), 8);
  deviceKit(runner, 'PLIC', () => new Plic(31, 2, nothing), 0x400);
  deviceKit(runner, 'CLINT', () => new Clint({ ticks: () => 12345, setDeadline: nothing }, nothing), 0x1_0000);
}

import { DeviceBus, Plic, Uart16550 } from '@veridian-os/devices';
import { suite } from '../../../tools/bench.mjs';

const CALLS = 1000;
const UART = 0x1000_0000;

await suite(async ({ bench }) => {
  const plic = new Plic(31, 2, () => undefined);
  const uart = new Uart16550(
    () => undefined,
    (high) => plic.setLevel(10, high),
  );
  const bus = new DeviceBus();
  bus.attach(UART, 0x100, uart, 'ns16550a', 10);
  plic.setPriority(10, 1);
  plic.setEnabled(1, 10, true);
  bus.write8(UART + 1, 1);
  const byte = Uint8Array.of(7);
  await bench({
    case: 'status register through the bus',
    ours: () => {
      for (let i = 0; i < CALLS; i++) bus.read8(UART + 5);
    },
    opsPerCall: CALLS,
    noGc: true,
  });
  await bench({
    case: 'byte received, interrupt claimed, byte read, completed',
    ours: () => {
      for (let i = 0; i < CALLS; i++) {
        uart.receive(byte);
        const source = plic.claim(1);
        bus.read8(UART);
        plic.complete(1, source);
      }
    },
    opsPerCall: CALLS,
  });
});

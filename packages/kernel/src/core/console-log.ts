/** Boot messages and panics: straight to the console device, before and beside its driver. */
import type { Machine } from '@veridian-os/hal';

export interface ConsoleLog {
  /** Writes text; `\n` becomes CR LF. Nothing on a machine without a UART, or when not verbose. */
  write(text: string): void;
}

export function earlyConsole(machine: Machine, verbose: boolean): ConsoleLog {
  const uart = machine.features.devices.find((device) => device.compatible === 'ns16550a');
  if (uart === undefined || !verbose) return { write: () => undefined };
  const encoder = new TextEncoder();
  return {
    write(text) {
      for (const byte of encoder.encode(text.replaceAll('\n', '\r\n'))) machine.bus.write8(uart.base, byte);
    },
  };
}

/**
 * The console driver: a task that holds the UART's registers and interrupt as capabilities, feeds the terminal with
 * what arrives and drains its output. Register names: 16550 data sheet.
 */
import type { Token } from '../files/fd-table.js';
import type { ServiceSys } from '../tasks/service-sys.js';
import type { TaskGenerator } from '../tasks/task.js';
import type { Terminal } from '../tty/terminal.js';

const DATA = 0;
const INTERRUPT_ENABLE = 1;
const LINE_STATUS = 5;
const DATA_READY = 0x01;
/** Notification bits. */
export const CONSOLE_INTERRUPT = 1;
export const CONSOLE_OUTPUT = 2;
/** Bytes taken per interrupt: the device's FIFO never holds more than the host has typed. */
const MAX_BURST = 65_536;

export interface ConsoleDriverOptions {
  readonly terminal: Terminal;
  readonly device: Token;
  readonly interrupt: Token;
  readonly notification: Token;
}

/** Body of the driver task. */
export function consoleDriver(options: ConsoleDriverOptions): (sys: ServiceSys) => TaskGenerator {
  return function* drive(sys: ServiceSys): TaskGenerator {
    const { terminal } = options;
    const uart = sys.deviceNow(options.device);
    sys.bindInterruptNow(options.interrupt, options.notification, CONSOLE_INTERRUPT);
    uart.write8(INTERRUPT_ENABLE, 1);
    for (;;) {
      for (let chunk = terminal.takeOutput(); chunk !== undefined; chunk = terminal.takeOutput()) {
        for (const byte of chunk) uart.write8(DATA, byte);
      }
      const bits = yield* sys.waitNotification(options.notification);
      if ((bits & CONSOLE_INTERRUPT) === 0) continue;
      for (let count = 0; count < MAX_BURST && (uart.read8(LINE_STATUS) & DATA_READY) !== 0; count++) {
        terminal.receive(uart.read8(DATA));
      }
      sys.acknowledgeNow(options.interrupt);
    }
  };
}

/** SiFive's test finisher: a write ends or resets the machine. Source: QEMU's `sifive_test` and Linux's syscon bindings. */
import type { Device } from './device.js';

const FAIL = 0x3333;
const PASS = 0x5555;
const RESET = 0x7777;

/** Why the guest stopped the machine. */
export interface StopRequest {
  readonly kind: 'poweroff' | 'reset';
  /** 0 for a pass, the guest's code for a failure. */
  readonly code: number;
}

export class TestFinisher implements Device {
  private readonly stop: (request: StopRequest) => void;

  constructor(stop: (request: StopRequest) => void) {
    this.stop = stop;
  }

  read(): number {
    return 0;
  }

  write(offset: number, size: number, value: number): void {
    if (offset !== 0 || size < 2) return;
    const code = size === 4 ? value >>> 16 : 0;
    switch (value & 0xffff) {
      case PASS:
        this.stop({ kind: 'poweroff', code: 0 });
        break;
      case FAIL:
        this.stop({ kind: 'poweroff', code });
        break;
      case RESET:
        this.stop({ kind: 'reset', code: 0 });
        break;
      default: // other values mean nothing
    }
  }
}

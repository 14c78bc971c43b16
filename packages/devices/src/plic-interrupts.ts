/** The kernel's view of the PLIC: its supervisor context of hart 0. */
import type { InterruptController } from '@veridian-os/hal';
import type { Plic } from './plic.js';

/** PLIC contexts of hart 0. */
export const MACHINE_CONTEXT = 0;
export const SUPERVISOR_CONTEXT = 1;
const HIGHEST_PRIORITY = 7;

export class PlicInterrupts implements InterruptController {
  readonly sources: number;
  private readonly plic: Plic;

  constructor(plic: Plic) {
    this.plic = plic;
    this.sources = plic.sources;
  }

  enable(source: number, priority: number): void {
    this.check(source);
    if (!Number.isInteger(priority) || priority < 1 || priority > HIGHEST_PRIORITY) {
      throw new RangeError(`priority: expected 1 .. ${HIGHEST_PRIORITY}, got ${priority}`);
    }
    this.plic.setPriority(source, priority);
    this.plic.setEnabled(SUPERVISOR_CONTEXT, source, true);
  }

  disable(source: number): void {
    this.check(source);
    this.plic.setEnabled(SUPERVISOR_CONTEXT, source, false);
  }

  claim(): number {
    return this.plic.claim(SUPERVISOR_CONTEXT);
  }

  complete(source: number): void {
    this.check(source);
    this.plic.complete(SUPERVISOR_CONTEXT, source);
  }

  pending(): boolean {
    return this.plic.best(SUPERVISOR_CONTEXT) !== 0;
  }

  private check(source: number): void {
    if (Number.isInteger(source) && source >= 1 && source <= this.sources) return;
    throw new RangeError(`source: expected 1 .. ${this.sources}, got ${source}`);
  }
}

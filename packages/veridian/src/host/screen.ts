/** The terminal's side of the console device: what the program shows, up to the limit of output. */
import type { TerminalPort } from '../api.js';

export class Screen {
  /** Told at the first byte beyond the limit; called inside a step, so it may only record. */
  onSpent: () => void = () => undefined;
  private readonly port: TerminalPort;
  private left: number;

  constructor(port: TerminalPort, limit: number) {
    this.port = port;
    this.left = limit;
  }

  write(bytes: Uint8Array): void {
    const count = Math.min(bytes.length, this.left);
    if (count > 0) this.port.output(bytes.slice(0, count));
    this.left -= count;
    if (count < bytes.length) this.onSpent();
  }
}

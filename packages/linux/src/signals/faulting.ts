/** The thread that a fault is about, as its ISA may look at it. */
import type { RegisterView } from '@veridian-os/hal';
import type { FaultRecord, FaultingThread } from '../isa/isa.js';
import type { LinuxThread } from '../state.js';

export class Faulting implements FaultingThread {
  readonly registers: RegisterView;
  readonly fault: FaultRecord;
  private readonly state: LinuxThread;

  constructor(state: LinuxThread) {
    this.state = state;
    this.registers = state.call.registers;
    this.fault = state.fault;
  }

  saveFp(): Uint8Array {
    const { linux, thread } = this.state.call;
    const fp = new Uint8Array(linux.isa.layout.fpBytes);
    linux.kernel.machine.contexts.saveFp(thread.context, fp);
    return fp;
  }

  readByte(address: number): number {
    const byte = new Uint8Array(1);
    const result = this.state.call.space.read(address, byte);
    return result < 0 ? result : byte[0];
  }
}

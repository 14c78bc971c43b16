/** pidfd_open(2): a process as a file; readable once the process has ended. */
import type { Errno, SpecialFile, WaitQueueId } from '@veridian-os/abi';
import { EINVAL, POLLIN } from '@veridian-os/abi';
import { ProcessState, type Kernel, type Process } from '@veridian-os/kernel';

export class ProcessFile implements SpecialFile {
  readonly waitQueue: WaitQueueId;
  readonly seekable = false;
  readonly process: Process;
  private readonly kernel: Kernel;
  private readonly observer: (ended: Process) => void;

  constructor(kernel: Kernel, process: Process) {
    this.kernel = kernel;
    this.process = process;
    this.waitQueue = kernel.waits.create();
    this.observer = (ended) => {
      if (ended === process) kernel.waits.wake(this.waitQueue, POLLIN);
    };
    kernel.processObservers.push(this.observer);
  }

  get hasEnded(): boolean {
    return this.process.state >= ProcessState.Zombie;
  }

  read(): Errno {
    return EINVAL;
  }

  write(): Errno {
    return EINVAL;
  }

  poll(): number {
    return this.hasEnded ? POLLIN : 0;
  }

  close(): void {
    const { processObservers, waits } = this.kernel;
    const at = processObservers.indexOf(this.observer);
    if (at >= 0) processObservers.splice(at, 1);
    waits.destroy(this.waitQueue);
  }
}

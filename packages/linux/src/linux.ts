/** What all calls of one kernel share: the ISA, the options, scratch memory, tables of objects that Linux adds. */
import type { FileStat, FileSystemStat } from '@veridian-os/abi';
import { PAGE_SIZE } from '@veridian-os/abi';
import type { Kernel } from '@veridian-os/kernel';
import type { PageSource } from '@veridian-os/memory';
import { createFileStat, createFileSystemStat, type OpenFile } from '@veridian-os/vfs';
import type { LinuxOptions } from './api.js';
import { EpollRegistry } from './files/epoll.js';
import { FileLocks } from './files/locks.js';
import { SpecialObjects } from './files/special.js';
import type { LinuxIsa } from './isa/isa.js';
import { Tracer } from './trace/tracer.js';
import { Vdso, codePage } from './vdso/vdso.js';

export class Linux {
  readonly kernel: Kernel;
  readonly isa: LinuxIsa;
  readonly options: Required<LinuxOptions>;
  /** One page between user memory and the layouts; valid until the handler that uses it waits. */
  readonly scratch: Uint8Array<ArrayBuffer> = new Uint8Array(PAGE_SIZE);
  readonly view: DataView<ArrayBuffer> = new DataView(this.scratch.buffer);
  /** Reused records; valid until the handler that uses them waits. */
  readonly stat: FileStat = createFileStat();
  readonly fileSystemStat: FileSystemStat = createFileSystemStat();
  readonly epolls: EpollRegistry;
  readonly locks: FileLocks;
  /** Event counters, timers and sockets by the open file that stands for them. */
  readonly specials = new SpecialObjects();
  /** Present when the kernel traces. */
  readonly tracer: Tracer | undefined;
  /** Mapped by every program: the vDSO where the machine has a counter, else a page with the signal-return code. */
  readonly vdso: Vdso | PageSource;

  constructor(kernel: Kernel, isa: LinuxIsa, options: LinuxOptions) {
    this.kernel = kernel;
    this.isa = isa;
    this.options = {
      release: options.release ?? '6.12.0-veridian',
      version: options.version ?? '#1 Veridian',
      stackBytes: options.stackBytes ?? 8 * 1024 * 1024,
    };
    this.epolls = new EpollRegistry(kernel);
    this.locks = new FileLocks(kernel);
    this.tracer = kernel.trace === undefined ? undefined : new Tracer(kernel.trace);
    const { counter } = kernel.machine;
    const hasVdso = counter !== undefined && isa.vdso !== undefined;
    this.vdso = hasVdso ? new Vdso(kernel, counter, isa.vdso) : codePage(kernel, isa.sigreturnCode);
    kernel.fileObservers.push((file) => this.fileEnded(file));
  }

  /** The last descriptor of an open file is gone. */
  private fileEnded(file: OpenFile): void {
    this.epolls.fileEnded(file);
    this.locks.fileEnded(file);
  }
}

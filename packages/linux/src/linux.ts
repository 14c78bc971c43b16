/** What all calls of one kernel share: the ISA, the options, scratch memory, tables of objects that Linux adds. */
import type { FileStat, FileSystemStat } from '@veridian-os/abi';
import { PAGE_SIZE, isErrno, panic } from '@veridian-os/abi';
import type { Kernel } from '@veridian-os/kernel';
import type { PageSource } from '@veridian-os/memory';
import { createFileStat, createFileSystemStat, type OpenFile } from '@veridian-os/vfs';
import type { LinuxOptions } from './api.js';
import { EpollRegistry } from './files/epoll.js';
import { FileLocks } from './files/locks.js';
import { SpecialObjects } from './files/special.js';
import type { LinuxIsa } from './isa/isa.js';
import { Tracer } from './trace/tracer.js';

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
  /** The page with the signal-return code, mapped by every program. */
  readonly trampoline: PageSource;

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
    this.trampoline = createTrampoline(kernel, isa);
    kernel.fileObservers.push((file) => this.fileEnded(file));
  }

  /** The last descriptor of an open file is gone. */
  private fileEnded(file: OpenFile): void {
    this.epolls.fileEnded(file);
    this.locks.fileEnded(file);
  }
}

/** One page of machine code, shared by all processes; a private mapping, so that nobody can change another's. */
function createTrampoline(kernel: Kernel, isa: LinuxIsa): PageSource {
  const region = kernel.memory.createRegion(PAGE_SIZE);
  if (typeof region === 'number') panic('linux/boot-memory', 'no frame for the signal-return code');
  const page = region.page(0, true);
  if (isErrno(page)) panic('linux/boot-memory', 'no frame for the signal-return code');
  kernel.memory.bytes.view(page).set(isa.sigreturnCode);
  kernel.machine.mmu.syncCode(page, 1);
  return region;
}

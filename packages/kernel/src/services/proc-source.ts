/** What /proc shows: text made from the kernel's tables when somebody looks. Formats: proc(5). */
import type { Path, OpenFile, ProcSource } from '@veridian-os/vfs';
import { COMMON_PROCESS_FILES, formatMounts } from '@veridian-os/vfs';
import { ProcessState, type Process } from '../core/process.js';
import { ThreadState, type Thread } from '../core/thread.js';
import type { Kernel } from '../kernel.js';
import { processText } from './proc-process.js';
import { systemFiles } from './proc-system.js';

export function procSource(kernel: Kernel): ProcSource {
  return new KernelProcSource(kernel);
}

class KernelProcSource implements ProcSource {
  readonly processFiles = COMMON_PROCESS_FILES;
  readonly systemFiles: Readonly<Record<string, () => string>>;
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.systemFiles = systemFiles(kernel);
  }

  self(): number {
    return this.caller()?.process.pid ?? 0;
  }

  selfThread(): number {
    return this.caller()?.tid ?? 0;
  }

  pids(): readonly number[] {
    return this.kernel.processes.list().map((process) => process.pid);
  }

  threads(pid: number): readonly number[] {
    const process = this.live(pid);
    return process === undefined ? [] : [...process.threads].map((thread) => thread.tid);
  }

  text(pid: number, tid: number, name: string): string | Uint8Array | undefined {
    const process = this.live(pid);
    if (process === undefined) return undefined;
    if (name === 'mounts') return formatMounts(this.kernel.vfs);
    const thread = this.kernel.processes.thread(tid);
    return processText(this.kernel, process, thread?.process === process ? thread : process.leader, name);
  }

  link(pid: number, name: 'exe' | 'cwd' | 'root'): Path | undefined {
    const process = this.live(pid);
    if (process === undefined) return undefined;
    if (name === 'exe') return process.executableFile?.path;
    const token = name === 'cwd' ? process.cwd : process.root;
    if (token === undefined) return name === 'root' ? this.kernel.vfs.root() : undefined;
    const file = this.kernel.descriptors.fileOf(process, token.lo, token.hi, 0);
    return typeof file === 'number' ? undefined : file.path;
  }

  descriptors(pid: number): readonly number[] {
    return this.live(pid)?.files.open() ?? [];
  }

  descriptor(pid: number, fd: number): OpenFile | undefined {
    const process = this.live(pid);
    if (process === undefined) return undefined;
    const file = this.kernel.descriptors.file(process, fd);
    return typeof file === 'number' ? undefined : file;
  }

  /** The server's client, or whoever reads an already open file. */
  private caller(): Thread | undefined {
    const { servedThread, running } = this.kernel;
    return servedThread !== undefined && servedThread.state !== ThreadState.Dead ? servedThread : running;
  }

  private live(pid: number): Process | undefined {
    const process = this.kernel.processes.get(pid);
    return process === undefined || process.state === ProcessState.Gone ? undefined : process;
  }
}

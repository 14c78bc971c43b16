/**
 * Descriptors: the process's small integers, each standing for a file capability of its space. Every use goes through a
 * capability lookup with the rights it needs.
 */
import type { Errno } from '@veridian-os/abi';
import { EBADF, EINVAL, ENOMEM, isErrno } from '@veridian-os/abi';
import { Rights } from '@veridian-os/capabilities';
import type { OpenFile } from '@veridian-os/vfs';
import { ObjectType } from '../core/objects.js';
import type { Process } from '../core/process.js';
import type { Kernel } from '../kernel.js';
import type { Token } from './fd-table.js';

/** Rights that an open file's capability carries. */
export function fileRights(file: OpenFile): number {
  const read = file.readable ? Rights.Read : 0;
  const write = file.writable ? Rights.Write : 0;
  return read | write | Rights.Grant | Rights.Mint | Rights.Control;
}

export class Descriptors {
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** Open file behind a descriptor, if its capability has `rights`; else EBADF. */
  file(process: Process, fd: number, rights = 0): OpenFile | Errno {
    const { files } = process;
    if (!files.isOpen(fd)) return EBADF;
    return this.fileOf(process, files.tokenLo(fd), files.tokenHi(fd), rights);
  }

  /** Open file behind a file capability; EBADF for anything else or missing rights, as open(2)'s modes have it. */
  fileOf(process: Process, lo: number, hi: number, rights: number): OpenFile | Errno {
    const object = this.kernel.capabilities.lookup(process.capabilities, lo, hi, ObjectType.File, rights);
    return isErrno(object) ? EBADF : this.kernel.objects.files.get(object);
  }

  token(process: Process, fd: number): Token | undefined {
    const { files } = process;
    return files.isOpen(fd) ? { lo: files.tokenLo(fd), hi: files.tokenHi(fd) } : undefined;
  }

  /** New root capability for an open file in the process's space. Consumes the caller's reference, also on failure. */
  grant(process: Process, file: OpenFile): Token | Errno {
    const { capabilities, objects } = this.kernel;
    const object = objects.files.add(file);
    const result = capabilities.insert(process.capabilities, ObjectType.File, object, fileRights(file), 0);
    if (result < 0) {
      objects.files.remove(object);
      file.release();
      return ENOMEM;
    }
    return { lo: capabilities.tokenLo, hi: capabilities.tokenHi };
  }

  /** Binds an open file to the lowest free descriptor >= `from`. Consumes the caller's reference, also on failure. */
  install(process: Process, file: OpenFile, cloexec: boolean, from = 0): number | Errno {
    const token = this.grant(process, file);
    return typeof token === 'number' ? token : this.bind(process, token, cloexec, from);
  }

  /** Binds a capability the process already owns; deletes it when there is no descriptor left (EMFILE). */
  bind(process: Process, token: Token, cloexec: boolean, from = 0): number | Errno {
    const fd = process.files.install(token.lo, token.hi, cloexec, from);
    if (fd < 0) {
      this.drop(process, token);
      this.isFull(process);
    }
    return fd;
  }

  /** No descriptor is left: EMFILE. Notes the kernel's limit when that is why, and not one that the program set itself. */
  isFull(process: Process): boolean {
    const { openCount, limit } = process.files;
    if (openCount >= this.kernel.limits.descriptors) this.kernel.noteLimit('descriptors');
    return openCount >= limit;
  }

  /** Deletes a capability; the object goes with its last one. */
  drop(process: Process, token: Token): void {
    this.kernel.capabilities.delete(process.capabilities, token.lo, token.hi);
    this.kernel.reap();
  }

  close(process: Process, fd: number): 0 | Errno {
    const token = this.token(process, fd);
    if (token === undefined) return EBADF;
    process.files.remove(fd);
    this.drop(process, token);
    return 0;
  }

  /** F_DUPFD: another capability for the same open file. */
  dup(process: Process, fd: number, from: number, cloexec: boolean): number | Errno {
    if (from < 0 || from >= process.files.limit) return EINVAL;
    const copy = this.copy(process, fd, process);
    return typeof copy === 'number' ? copy : this.bind(process, copy, cloexec, from);
  }

  /** dup3(2) for differing descriptors; closes `to` first. */
  dup2(process: Process, fd: number, to: number, cloexec: boolean): number | Errno {
    if (!process.files.isOpen(fd) || to < 0 || to >= process.files.limit) return EBADF;
    const copy = this.copy(process, fd, process);
    if (typeof copy === 'number') return copy;
    if (process.files.isOpen(to)) this.close(process, to);
    process.files.installAt(to, copy.lo, copy.hi, cloexec);
    return to;
  }

  /** Copies a descriptor's capability into another process's space. */
  copy(process: Process, fd: number, target: Process): Token | Errno {
    const token = this.token(process, fd);
    return token === undefined ? EBADF : this.copyToken(process, token, target);
  }

  copyToken(process: Process, token: Token, target: Process): Token | Errno {
    const { capabilities } = this.kernel;
    const result = capabilities.copy(process.capabilities, token.lo, token.hi, target.capabilities, Rights.All);
    return result < 0 ? (result as Errno) : { lo: capabilities.tokenLo, hi: capabilities.tokenHi };
  }

  /** fork: the child gets a copy of every descriptor. 0 or ENOMEM. */
  inherit(parent: Process, child: Process): 0 | Errno {
    for (const fd of parent.files.open()) {
      const copy = this.copy(parent, fd, child);
      if (typeof copy === 'number') return ENOMEM;
      child.files.installAt(fd, copy.lo, copy.hi, parent.files.isCloexec(fd));
    }
    return 0;
  }

  closeAll(process: Process): void {
    for (const fd of process.files.open()) this.close(process, fd);
  }

  closeOnExec(process: Process): void {
    for (const fd of process.files.open()) if (process.files.isCloexec(fd)) this.close(process, fd);
  }
}

/** TypeScript programs as files: `/bin/NAME` holds `#!task NAME`, so machine code can run them too. */
import { ENOSPC, panic, type Errno } from '@veridian-os/abi';
import { O_CREAT, O_TRUNC, O_WRONLY, type OpenFile } from '@veridian-os/vfs';
import { TASK_INTERPRETER } from '../exec/image.js';
import type { Kernel } from '../kernel.js';

export function mountPrograms(kernel: Kernel): void {
  for (const name of Object.keys(kernel.programs)) {
    writeFile(kernel, `/bin/${name}`, new TextEncoder().encode(`#!${TASK_INTERPRETER} ${name}\n`), 0o755);
  }
}

/** Puts a file into the tree at boot time. @throws KernelPanic when the tree refuses */
export function writeFile(kernel: Kernel, path: string, bytes: Uint8Array, mode: number): void {
  const result = storeFile(kernel, path, bytes, mode);
  if (result < 0) panic('kernel/write-file', `${path}: ${result}`);
}

/** Puts a file into the tree between steps: 0, or why it could not; a file that did not fit is removed again. */
export function storeFile(kernel: Kernel, path: string, bytes: Uint8Array, mode: number): 0 | Errno {
  const context = { root: kernel.vfs.root(), start: kernel.vfs.root(), umask: 0 };
  const file = kernel.vfs.open(context, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
  if (typeof file === 'number') return file;
  const result = writeAll(file, bytes);
  file.release();
  if (result < 0) kernel.vfs.unlink(context, path);
  return result;
}

function writeAll(file: OpenFile, bytes: Uint8Array): 0 | Errno {
  for (let at = 0; at < bytes.length;) {
    const count = file.write([bytes.subarray(at)]);
    if (count <= 0) return count === 0 ? ENOSPC : (count as Errno);
    at += count;
  }
  return 0;
}

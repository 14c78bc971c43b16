/** `--drive`: a file of the host as a disk. Requests are answered at once, so a run stays repeatable. */
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { SECTOR_BYTES, type BlockBackend } from '@veridian-os/devices';
import { MachineFileError, NOT_THERE, NOT_USABLE } from './files.js';

export class FileDisk implements BlockBackend {
  readonly sectors: number;
  readonly readOnly: boolean;
  private readonly descriptor: number;

  /**
   * @param text `FILE`, or `FILE,readonly`; its length is rounded down to sectors of 512 bytes
   * @throws MachineFileError naming the file
   */
  constructor(text: string) {
    this.readOnly = /,(readonly|ro)$/.test(text);
    const path = text.replace(/,(readonly|ro|rw)$/, '');
    try {
      this.descriptor = openSync(path, this.readOnly ? 'r' : 'r+');
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new MachineFileError(`--drive: ${message}`, code === 'ENOENT' ? NOT_THERE : NOT_USABLE);
    }
    this.sectors = Math.floor(fstatSync(this.descriptor).size / SECTOR_BYTES);
    if (this.sectors > 0) return;
    closeSync(this.descriptor);
    throw new MachineFileError(`--drive ${path}: expected a file of at least ${SECTOR_BYTES} bytes`, NOT_USABLE);
  }

  read(sector: number, target: Uint8Array): void {
    const from = sector * SECTOR_BYTES;
    for (let done = 0; done < target.length;) {
      const got = readSync(this.descriptor, target, done, target.length - done, from + done);
      if (got === 0) throw new RangeError(`sector: expected ${target.length} bytes at ${from}, got ${done}`);
      done += got;
    }
  }

  write(sector: number, source: Uint8Array): void {
    const from = sector * SECTOR_BYTES;
    for (let done = 0; done < source.length;) {
      done += writeSync(this.descriptor, source, done, source.length - done, from + done);
    }
  }

  flush(): void {
    if (!this.readOnly) fsyncSync(this.descriptor);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

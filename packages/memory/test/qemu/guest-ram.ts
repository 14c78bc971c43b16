/** Guest RAM as a sparse file without a name: hundreds of GiB of addresses, of which only what is touched exists. */
import { closeSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Physical addresses [base, base + bytes). */
export interface RamPart {
  readonly base: number;
  readonly bytes: number;
}

/** An open file that nobody else can find. */
export function anonymousFile(bytes: number): number {
  const folder = mkdtempSync(join(tmpdir(), 'veridian-walks-'));
  const fd = openSync(join(folder, 'ram'), 'w+');
  rmSync(folder, { recursive: true });
  ftruncateSync(fd, bytes);
  return fd;
}

export class GuestRam {
  readonly fd: number;
  readonly parts: readonly RamPart[];

  /** @param parts in the order in which the file holds them */
  constructor(parts: readonly RamPart[]) {
    this.parts = parts;
    this.fd = anonymousFile(this.bytes);
  }

  get bytes(): number {
    return this.parts.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** True when the page at a physical address is RAM. */
  has(address: number): boolean {
    return this.parts.some(({ base, bytes }) => address >= base && address < base + bytes);
  }

  write(address: number, bytes: Uint8Array): void {
    writeSync(this.fd, bytes, 0, bytes.length, this.offset(address));
  }

  read(address: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    readSync(this.fd, bytes, 0, length, this.offset(address));
    return bytes;
  }

  close(): void {
    closeSync(this.fd);
  }

  private offset(address: number): number {
    let before = 0;
    for (const { base, bytes } of this.parts) {
      if (address >= base && address < base + bytes) return before + address - base;
      before += bytes;
    }
    throw new Error(`no RAM at ${address.toString(16)}`);
  }
}

/** A folder for tests: hostfs needs a real one. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryFolder {
  /** Real path (no symbolic link in it) of a new, empty folder. */
  readonly path: string;
  /** Deletes it with all contents; again: nothing. */
  remove(): void;
}

/** Makes an empty folder below the host's folder for temporary files. */
export function temporaryFolder(prefix = 'veridian-'): TemporaryFolder {
  const path = mkdtempSync(join(realpathSync(tmpdir()), prefix));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

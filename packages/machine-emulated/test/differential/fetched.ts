/** Emulators of a newer Debian, as tools/fetch-programs.mjs brings them. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The repository: this file may be bundled elsewhere, so it is found from the working folder. */
function repository(folder = process.cwd()): string {
  return existsSync(join(folder, 'programs/manifest.json')) || dirname(folder) === folder
    ? folder
    : repository(dirname(folder));
}

/** Path of a fetched program by its name in programs/tools.json; undefined where it cannot run or is not there. */
export function fetchedPath(name: string): string | undefined {
  const cache = resolve(process.env.VERIDIAN_PROGRAMS ?? join(repository(), '.cache/programs'));
  const index = join(cache, 'index.json');
  if (process.arch !== 'x64' || !existsSync(index)) return undefined;
  const { programs } = JSON.parse(readFileSync(index, 'utf8')) as { programs: Record<string, { path: string }> };
  const path = programs[name]?.path;
  return path !== undefined && existsSync(path) ? path : undefined;
}

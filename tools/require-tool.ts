/**
 * Tests that need something beyond `npm ci` (an emulator, a compiler, a fetched program) ask here. On a developer's
 * machine a missing one is printed with its reason and the tests skip; with VERIDIAN_CI=1 it is an error, so that a
 * check never disappears silently from CI.
 *
 *   const describeWithQemu = needs('qemu-riscv64') ? describe : describe.skip;
 */
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where Debian and Ubuntu have each tool: printed when it is missing. */
const DEBIAN_PACKAGE: Record<string, string> = {
  'qemu-riscv64': 'qemu-user',
  'qemu-system-riscv64': 'qemu-system-misc',
  'qemu-system-aarch64': 'qemu-system-arm',
  'qemu-system-x86_64': 'qemu-system-x86',
  setpriv: 'util-linux',
  'riscv64-linux-gnu-gcc': 'gcc-riscv64-linux-gnu libc6-dev-riscv64-cross',
  chromium: 'chromium',
  dtc: 'device-tree-compiler',
  objdump: 'binutils',
  xz: 'xz-utils',
  'mkfs.ext4': 'e2fsprogs',
  'riscv64-linux-gnu-strip': 'binutils-riscv64-linux-gnu',
  'riscv64-linux-gnu-objdump': 'binutils-riscv64-linux-gnu',
  'aarch64-linux-gnu-objdump': 'binutils-aarch64-linux-gnu',
};

/** True where a missing tool must fail: in CI. */
export const required: boolean = process.env.VERIDIAN_CI === '1';

/** @returns absolute path of an executable on PATH, or null */
export function findTool(name: string): string | null {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // not in this folder
    }
  }
  return null;
}

function report(missing: string, remedy: string): false {
  const message = `needs ${missing}: ${remedy}`;
  if (required) throw new Error(`${message} (VERIDIAN_CI=1, so this is an error)`);
  process.stderr.write(`skipped: ${message}\n`);
  return false;
}

/**
 * @returns whether every tool is on PATH
 * @throws Error naming the first missing tool, with VERIDIAN_CI=1
 */
export function needs(...tools: string[]): boolean {
  for (const tool of tools) {
    if (findTool(tool) === null) return report(tool, `apt-get install ${DEBIAN_PACKAGE[tool] ?? tool}`);
  }
  return true;
}

/**
 * @param remedy the command that makes the file, printed when it is missing
 * @returns whether the file exists
 * @throws Error naming the file, with VERIDIAN_CI=1
 */
export function needsFile(path: string, remedy: string): boolean {
  return existsSync(path) || report(path, remedy);
}

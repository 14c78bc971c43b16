/** Firmware, U-Boot, Linux and a root file system: where Debian's packages put them, or the fetched ones. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { needs, needsFile } from '../../../../tools/require-tool.js';

const REPOSITORY = resolve(__dirname, '../../../..');
const OPENSBI = '/usr/lib/riscv64-linux-gnu/opensbi/generic';
const U_BOOT = '/usr/lib/u-boot';
const FETCH = 'node tools/fetch-programs.mjs --dynamic';

export const FIRMWARE = {
  dynamic: `${OPENSBI}/fw_dynamic.bin`,
  jump: `${OPENSBI}/fw_jump.elf`,
  uBootSupervisor: `${U_BOOT}/qemu-riscv64_smode/u-boot.bin`,
  uBootSupervisorElf: `${U_BOOT}/qemu-riscv64_smode/uboot.elf`,
  uBootMachine: `${U_BOOT}/qemu-riscv64/u-boot.bin`,
} as const;

/** Whether OpenSBI and U-Boot are installed. */
export function hasFirmware(): boolean {
  return (
    needsFile(FIRMWARE.jump, 'apt-get install opensbi') &&
    needsFile(FIRMWARE.uBootMachine, 'apt-get install u-boot-qemu')
  );
}

export interface LinuxFiles {
  readonly kernel: Uint8Array;
  readonly initrd: Uint8Array;
}

/** Whether {@link linuxFiles} can be made. */
export function hasLinux(): boolean {
  if (!needs('xz', 'riscv64-linux-gnu-strip') || !hasFirmware()) return false;
  const paths = located();
  return paths !== undefined && paths.every((path) => needsFile(path, FETCH));
}

/** Kernel, modules and busybox. */
function located(): [string, string, string] | undefined {
  const program = join(REPOSITORY, 'programs/locate.mjs');
  const script = `import('${program}').then(({ locateProgram: at }) => console.log(JSON.stringify(
    ['linux-riscv64', 'linux-riscv64-modules', 'busybox'].map((name) => at(name)?.path))))`;
  const paths = JSON.parse(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })) as (string | null)[];
  const [missing] = paths.filter((path) => path === null);
  if (missing !== undefined) needsFile(join(REPOSITORY, '.cache/programs/linux'), FETCH);
  return missing === undefined ? (paths as [string, string, string]) : undefined;
}

/** Debian's kernel and an initial RAM disk with a shell and these modules. */
export function linuxFiles(...modules: string[]): LinuxFiles {
  const [kernel, folder, busybox] = located()!;
  const work = mkdtempSync(join(tmpdir(), 'veridian-initrd-'));
  try {
    const out = join(work, 'initrd.cpio');
    const wanted = modules.flatMap((name) => ['--module', name]);
    const tool = join(REPOSITORY, 'tools/make-initramfs.mjs');
    execFileSync(process.execPath, [tool, out, '--busybox', busybox, '--modules', folder, ...wanted]);
    return { kernel: readFileSync(kernel), initrd: readFileSync(out) };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

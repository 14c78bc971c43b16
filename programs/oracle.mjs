/**
 * Runs programs of an ISA, riscv64's unless said otherwise, under `qemu-ISA` or, where it is the host's own, on the host:
 * the oracle for outputs, exit statuses and system calls.
 *
 * A guest that executes another file of its ISA needs the host's kernel to know the interpreter: `withBinfmt` registers
 * one for the duration of a callback (root only; it leaves an existing registration alone).
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { hostIsa, locateProgram } from './locate.mjs';

const BINFMT = '/proc/sys/fs/binfmt_misc';
/** e_machine, little endian, of the ISAs that qemu may have to stand in for. */
const E_MACHINE = { riscv64: '\\xf3\\x00', aarch64: '\\xb7\\x00', x86_64: '\\x3e\\x00' };
const MAGIC = '\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00';
const MASK = '\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff';
/** Processors without extensions whose state has records of its own in signal frames. */
const OPTIONS = { aarch64: ['-cpu', 'cortex-a57'] };

/** @returns the path of qemu-ISA, or `undefined` */
export function findQemu(isa = 'riscv64') {
  const found = spawnSync('sh', ['-c', `command -v qemu-${isa}`], { encoding: 'utf8' });
  return found.status === 0 ? found.stdout.trim() : undefined;
}

/** Calls `body` while files of an ISA can be executed directly. @throws Error when that cannot be arranged */
export async function withBinfmt(body, isa = 'riscv64') {
  const entry = `veridian-${isa}`;
  if (isa === hostIsa || existsSync(join(BINFMT, entry)) || existsSync(join(BINFMT, `qemu-${isa}`))) return body();
  if (!existsSync(join(BINFMT, 'register'))) spawnSync('mount', ['-t', 'binfmt_misc', 'none', BINFMT]);
  try {
    writeFileSync(join(BINFMT, 'register'), `:${entry}:M::${MAGIC}${E_MACHINE[isa]}:${MASK}:${findQemu(isa)}:PO`);
  } catch (error) {
    throw new Error(`cannot register qemu-${isa} with binfmt_misc (needs root): ${error.message}`);
  }
  try {
    return await body();
  } finally {
    writeFileSync(join(BINFMT, entry), '-1');
  }
}

/**
 * Runs one executable to its end, under qemu unless it is the host's own kind.
 * @param path absolute path of the file
 * @param options `{ isa, args, cwd, env, stdin, sysroot, strace }`; `strace`: a file that collects the system calls of
 *   the program and of everything it starts
 * @returns what spawnSync returns: `{ status, signal, stdout, stderr, error }`; a run longer than a minute is killed
 */
export function runOracle(path, { isa = 'riscv64', args = [], cwd, env = {}, stdin = '', sysroot, strace }) {
  const own = sysroot === undefined ? {} : { QEMU_LD_PREFIX: sysroot };
  let collector;
  if (strace !== undefined) {
    spawnSync('mkfifo', [`${strace}.fifo`]);
    // Opened for both directions, so that the moment between two writers (an execve) is not the end of file.
    collector = spawn('sh', ['-c', 'exec cat <> "$0" > "$1"', `${strace}.fifo`, strace], { stdio: 'ignore' });
    Object.assign(own, { QEMU_STRACE: '1', QEMU_LOG_FILENAME: `${strace}.fifo` });
  }
  const qemu = [...(OPTIONS[isa] ?? []), '-0', basename(path), path, ...args];
  const [file, given] = isa === hostIsa ? [path, args] : [findQemu(isa), qemu];
  const result = spawnSync(file, given, {
    argv0: isa === hostIsa ? basename(path) : undefined,
    cwd,
    env: { ...env, ...own },
    input: stdin,
    timeout: 60_000,
    killSignal: 'SIGKILL',
    maxBuffer: 1 << 26,
  });
  if (collector !== undefined) {
    spawnSync('sleep', ['0.2']); // what the pipe still holds
    collector.kill();
  }
  if (strace !== undefined) rmSync(`${strace}.fifo`);
  return result;
}

/** @returns `exit N` or `signal NAME`, the way expectations are written; qemu ends by the guest's own signal */
export const outcomeOf = ({ status, signal }) => (signal === null ? `exit ${status}` : `signal ${signal}`);

function fetched(name) {
  const found = locateProgram(name);
  if (found === undefined) throw new Error(`${name} is not fetched: node tools/fetch-programs.mjs --dynamic`);
  return found;
}

/**
 * Runs a case of cases.json in a folder made anew: a copy of its fixture and `bin/`, first in PATH, with busybox under
 * the name of each of its applets.
 * @returns as `runOracle`
 * @throws Error when its program is not fetched
 */
export function runCase({ program, args, stdin, fixture, prepare, tools = [] }, folder, strace) {
  const found = fetched(program);
  const busybox = fetched('busybox');
  const bin = join(folder, 'bin');
  rmSync(folder, { recursive: true, force: true });
  if (fixture === undefined) mkdirSync(folder, { recursive: true });
  else cpSync(new URL(`fixtures/${fixture}`, import.meta.url), folder, { recursive: true });
  mkdirSync(bin);
  const applets = spawnSync(findQemu(), [busybox.path, '--list'], { encoding: 'utf8' }).stdout.trim().split('\n');
  for (const applet of applets) symlinkSync(busybox.path, join(bin, applet));
  for (const tool of tools) symlinkSync(fetched(tool).path, join(bin, tool));
  const sysroot = found.sysroot ?? (tools.length > 0 ? fetched(tools[0]).sysroot : undefined);
  const env = { PATH: bin, HOME: '/', TZ: 'UTC', LC_ALL: 'C', USER: 'root' };
  if (prepare !== undefined) runOracle(busybox.path, { args: ['sh', '-c', prepare], cwd: folder, env });
  return runOracle(found.path, { args, cwd: folder, env, stdin, sysroot, strace });
}

/** @returns the names of the system calls in a file written by `strace` above, with their counts */
export function callsIn(file) {
  const counts = new Map();
  for (const line of readFileSync(file, 'latin1').split('\n')) {
    const name = /^\d+ (?:Unknown syscall )?([a-z0-9_]+)(?:\(|$)/.exec(line)?.[1];
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

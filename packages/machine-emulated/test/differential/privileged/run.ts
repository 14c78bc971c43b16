/** Runs an image on the emulated machine and on qemu-system-riscv64, whose RAM is a file that is read afterwards. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { required } from '../../../../../tools/require-tool.js';
import type { Frame } from '@veridian-os/abi';
import type { EmulatedMachineOptions } from '../../../src/index.js';
import { EmulatedMachine } from '../../../src/index.js';
import type { Image } from './image.js';
import { EXEC, RAM, RAM_BYTES, RECORDS, R_WORDS } from './layout.js';
import { fetchedPath } from '../fetched.js';

/** What tools/fetch-programs.mjs calls the emulator of a newer Debian. */
const FETCHED = 'qemu-system-riscv64-newest';
/** Everything that our hart has, and nothing else but AIA, without which QEMU takes interrupts in the order of numbers. */
const HAS =
  'smaia ssaia zba zbb zbc zbs zicond zfa zacas zicbom zicboz zihintpause zihintntl svinval svnapot svpbmt svadu sstc b sv39 sv48 sv57';
const LACKS = 'h v zawrs svade sscofpmf smstateen zfh zfhmin zvfh zcb zcmp zcmt zabha zimop zcmop zicfilp zicfiss zkr';
const ALSO_LACKS = 'debug smepmp smrnmi smcntrpmf zfbfmin zbkb zbkc zbkx smcdeleg ssccfg ssdbltrp smdbltrp';

export interface PrivilegedOracle {
  readonly command: string;
  readonly args: readonly string[];
  readonly version: string;
}

export interface Result {
  /** Records of the items, end to end. */
  readonly records: BigUint64Array;
  /** 'stopped', or what went wrong. */
  readonly ended: string;
  readonly instructions: number;
}

function cpuModel(): string {
  const has = HAS.split(' ').map((name) => `${name}=true`);
  const lacks = `${LACKS} ${ALSO_LACKS}`.split(' ').map((name) => `${name}=false`);
  return ['rv64', ...has, ...lacks, 'pmu-mask=0xfffffff8'].join(',');
}

/**
 * $VERIDIAN_QEMU_SYSTEM_RISCV64, the fetched one, or the one on PATH.
 * @returns undefined when there is none of version 10 or later: older ones have not got the extensions
 */
export function findPrivilegedOracle(): PrivilegedOracle | undefined {
  const command = process.env.VERIDIAN_QEMU_SYSTEM_RISCV64 ?? fetchedPath(FETCHED) ?? 'qemu-system-riscv64';
  const { stdout, error } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  const version = /version (\S+)/.exec(stdout ?? '')?.[1] ?? '';
  if (error !== undefined || Number.parseInt(version) < 10) return undefined;
  return { command, args: ['-cpu', cpuModel()], version };
}

/** @throws Error without an oracle, with VERIDIAN_CI=1 */
export function needsOracle(oracle: PrivilegedOracle | undefined): boolean {
  const remedy = 'needs qemu-system-riscv64 10 or later: node tools/fetch-programs.mjs --dynamic';
  if (oracle !== undefined) return true;
  if (required) throw new Error(`${remedy} (VERIDIAN_CI=1, so this is an error)`);
  process.stderr.write(`skipped: ${remedy}\n`);
  return false;
}

// Room for a second CPU: QEMU otherwise makes an AMO a load and a store.
const MACHINE = [
  '-M',
  'virt,memory-backend=ram,aclint=off',
  '-accel',
  'tcg,tb-size=64',
  '-smp',
  '1,maxcpus=2',
  '-display',
  'none',
];
const QUIET = ['-monitor', 'none', '-serial', 'null', '-nodefaults', '-no-reboot'];
const TIMEOUT_MS = 300_000;

export function runQemuSystem(image: Image, oracle: PrivilegedOracle): Result {
  const folder = mkdtempSync(join(tmpdir(), 'veridian-privileged-'));
  try {
    const ram = join(folder, 'ram');
    const file = join(folder, 'image');
    writeFileSync(file, image.bytes);
    const backend = `memory-backend-file,id=ram,size=${RAM_BYTES},mem-path=${ram},share=on`;
    const args = [...MACHINE, ...oracle.args, '-m', `${RAM_BYTES >> 20}M`, '-object', backend, '-bios', file, ...QUIET];
    const run = spawnSync(oracle.command, args, { timeout: TIMEOUT_MS, encoding: 'utf8' });
    const ended = run.status === 0 ? 'stopped' : `status ${run.status}, ${run.signal ?? ''} ${run.stderr}`;
    const bytes = new Uint8Array(image.items.length * R_WORDS * 8);
    const handle = openSync(ram, 'r');
    readSync(handle, bytes, 0, bytes.length, RECORDS - RAM);
    closeSync(handle);
    return { records: new BigUint64Array(bytes.buffer), ended, instructions: 0 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A machine with the image in memory, about to run. */
export function loadOurs(image: Image, translation?: EmulatedMachineOptions['translation']): EmulatedMachine {
  const machine = EmulatedMachine.create({ memoryBytes: RAM_BYTES, maxContexts: 4, translation });
  machine.memory[0].u8.set(image.bytes);
  machine.system.reset(RAM);
  return machine;
}

/** Memory and hart as at first. What is translated stays, except on the pages that items write to and jump to. */
function restart(machine: EmulatedMachine, image: Image): void {
  machine.memory[0].u8.fill(0).set(image.bytes);
  machine.mmu.syncCode((EXEC / 4096) as Frame, 16);
  machine.system.reset(RAM);
}

export function readRecords(machine: EmulatedMachine, image: Image): BigUint64Array {
  const start = RECORDS - RAM;
  return new BigUint64Array(machine.memory[0].u8.slice(start, start + image.items.length * R_WORDS * 8).buffer);
}

/** How our machine runs an image. The total of instructions is bounded. */
export interface OurSystemSetting {
  /** Budget of each run; default large. */
  readonly slice?: number;
  readonly translation?: EmulatedMachineOptions['translation'];
  /** Runs on the same machine, default 1: the last finds translated what the ones before have made hot. */
  readonly rounds?: number;
}

/** @returns what the last round did */
export function runOurSystem(image: Image, { slice, translation, rounds = 1 }: OurSystemSetting = {}): Result {
  const machine = loadOurs(image, translation);
  for (let round = 1; round < rounds; round++) {
    runToEnd(machine, image, slice);
    restart(machine, image);
  }
  return runToEnd(machine, image, slice);
}

function runToEnd(machine: EmulatedMachine, image: Image, slice = 1_000_000): Result {
  const limit = 20_000 * (image.items.length + 10);
  let instructions = 0;
  let ended = 'budget';
  while (ended === 'budget' && instructions < limit) {
    const { kind, consumed } = machine.system.run(slice);
    instructions += consumed;
    ended = kind;
  }
  return { records: readRecords(machine, image), ended, instructions };
}

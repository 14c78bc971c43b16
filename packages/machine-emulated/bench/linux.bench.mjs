/**
 * Debian's Linux with the same firmware, kernel and initial RAM disk on this machine and on qemu-system-riscv64: the boot up
 * to /init, then whole programs, each between two marks on the console. CPU time of both processes, V8's compiler threads
 * included, least of some boots, and their peak memory until then. `-- personality` has the same programs without Linux. With a
 * second Node (processes.mjs) there are rows for it. Needs the fetched programs (tools/fetch-programs.mjs --dynamic), opensbi and QEMU.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { locateProgram } from '../../../programs/locate.mjs';
import { suite } from '../../../tools/bench.mjs';
import { buildInitramfs } from '../../../tools/lib/initramfs.mjs';
import { Marks } from './linux/marks.mjs';
import { PROGRAMS, project } from './linux/workload.mjs';
import { nodes, peakOf, runNode, threadsTime } from './processes.mjs';

const FIRMWARE = '/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin';
const COMMAND_LINE = 'console=ttyS0 quiet';
const MEMORY = 512 << 20;
const RUNS = 2;

/** A word for a shell; there are no quotation marks in it. */
const quoted = (word) => `'${word}'`;

const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
export PATH=/bin HOME=/root
echo "@end linux-boot"
seq 1 400000 > /tmp/data
awk 'BEGIN { for (i = 0; i < 60000; i++) print (i * 7919) % 60013 }' > /tmp/numbers
${Object.entries(PROGRAMS)
  .map(
    ([name, words]) =>
      `echo "@begin ${name}"\n${words.map(quoted).join(' ')} || echo "@failed ${name}"\necho "@end ${name}"`,
  )
  .join('\n')}
poweroff -f
`;

/** The files of a boot, or what is missing. */
function readImages() {
  const paths = ['linux-riscv64', 'busybox', 'esbuild'].map((name) => locateProgram(name)?.path ?? name);
  const missing = [FIRMWARE, ...paths].find((path) => !existsSync(path));
  if (missing !== undefined) return missing;
  const [kernel, busybox, esbuild] = paths.map((path) => readFileSync(path));
  const files = { 'bin/esbuild': esbuild, ...project() };
  return { bios: readFileSync(FIRMWARE), kernel, initrd: buildInitramfs({ busybox, files, init: INIT }) };
}

function qemuOnce(paths) {
  const files = ['-bios', paths.bios, '-kernel', paths.kernel, '-initrd', paths.initrd, '-append', COMMAND_LINE];
  const board = ['-M', 'virt', '-m', `size=${MEMORY}B`, '-nographic', '-no-reboot'];
  const child = spawn('qemu-system-riscv64', [...board, ...files], { stdio: ['ignore', 'pipe', 'inherit'] });
  const marks = new Marks(
    () => threadsTime(child.pid),
    () => peakOf(child.pid),
  );
  child.stdout.setEncoding('latin1').on('data', (piece) => marks.hear(piece));
  return new Promise((resolve, reject) => child.on('error', reject).on('close', () => resolve(marks)));
}

const least = (runs, name) => Math.min(...runs.map(({ spent }) => spent[name] ?? NaN));
const greatest = (runs, name) => Math.max(...runs.map(({ peaks }) => peaks[name] ?? NaN));

async function measure(record, images) {
  const folder = mkdtempSync(join(tmpdir(), 'veridian-linux-'));
  try {
    const paths = Object.fromEntries(Object.keys(images).map((name) => [name, join(folder, name)]));
    for (const [name, bytes] of Object.entries(images)) writeFileSync(paths[name], bytes);
    const ours = nodes().map((node) => ({ ...node, runs: [] }));
    const theirs = [];
    for (let i = 0; i < RUNS; i++) {
      for (const { path, runs } of ours)
        runs.push(runNode(path, 'linux/run.mjs', [folder, COMMAND_LINE, String(MEMORY)]));
      theirs.push(await qemuOnce(paths));
    }
    for (const name of ['linux-boot', ...Object.keys(PROGRAMS)])
      for (const { suffix, runs } of ours) recordCase(record, { name, suffix, runs, theirs });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function recordCase(record, { name, suffix, runs, theirs }) {
  record({
    ...{
      case: `${name}${suffix}`,
      oursNs: least(runs, name),
      peer: 'qemu-system-riscv64',
      peerNs: least(theirs, name),
    },
    ...{ peakBytes: greatest(runs, name), peerPeakBytes: greatest(theirs, name) },
    ...(name === Object.keys(PROGRAMS).at(-1) ? { wasmRatio: runs[0].wasmRatio } : {}),
  });
}

await suite(async ({ record, quick }) => {
  if (quick) return console.log('  not in quick runs: it boots Linux four times');
  const images = readImages();
  const hasQemu = spawnSync('qemu-system-riscv64', ['--version']).status === 0;
  if (typeof images === 'string' || !hasQemu) {
    return console.log(`  not measured: ${hasQemu ? images : 'qemu-system-riscv64'} is missing`);
  }
  await measure(record, images);
});

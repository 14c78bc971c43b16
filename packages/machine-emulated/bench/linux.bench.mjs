/**
 * Debian's Linux with the same firmware, kernel and initial RAM disk on this machine and on qemu-system-riscv64: the boot up
 * to /init, then whole programs, each between two marks on the console. CPU time of both processes, V8's compiler threads
 * included, least of some boots. Needs the fetched programs (tools/fetch-programs.mjs --dynamic), opensbi and QEMU.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { locateProgram } from '../../../programs/locate.mjs';
import { suite } from '../../../tools/bench.mjs';
import { buildInitramfs } from '../../../tools/lib/initramfs.mjs';

const FIRMWARE = '/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin';
const COMMAND_LINE = 'console=ttyS0 quiet';
const MEMORY = 512 << 20;
const STEP = 5_000_000;
const RUNS = 2;
const MODULES = 40;

const PROGRAMS = {
  'busybox-md5sum': 'for i in 1 2 3 4 5 6 7 8; do md5sum /tmp/data; done',
  'busybox-awk': `awk 'BEGIN { for (i = 0; i < 400000; i++) { s += (i * i) % 7; a[i % 512] = s } print s }'`,
  'busybox-sort': 'sort -n /tmp/numbers | md5sum',
  'esbuild-bundle': 'esbuild /src/index.js --bundle --minify --outfile=/tmp/out.js 2>&1 && wc -c /tmp/out.js',
};
const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
export PATH=/bin HOME=/root
echo "@end linux-boot"
seq 1 400000 > /tmp/data
awk 'BEGIN { for (i = 0; i < 60000; i++) print (i * 7919) % 60013 }' > /tmp/numbers
${Object.entries(PROGRAMS)
  .map(([name, command]) => `echo "@begin ${name}"\n${command}\necho "@end ${name}"`)
  .join('\n')}
poweroff -f
`;

/** Sources for a bundler: modules that import each other, and say enough to be worth printing. */
function project() {
  const files = {};
  for (let i = 0; i < MODULES; i++) {
    const functions = Array.from(
      { length: 60 },
      (
        _,
        k,
      ) => `export function work${k}(input) {\n  const total = input.reduce((sum, value) => sum + value * ${k + i}, 0);
  return total > ${k} ? { total, label: 'module ${i} function ${k}' } : undefined;\n}`,
    );
    const next = i + 1 < MODULES ? `export * as next from './module${i + 1}.js';` : '';
    files[`src/module${i}.js`] = `${next}\n${functions.join('\n')}\n`;
  }
  files['src/index.js'] = "import * as first from './module0.js';\nconsole.log(first);\n";
  return files;
}

/** The files of a boot, or what is missing. */
function readImages() {
  const paths = ['linux-riscv64', 'busybox', 'esbuild'].map((name) => locateProgram(name)?.path ?? name);
  const missing = [FIRMWARE, ...paths].find((path) => !existsSync(path));
  if (missing !== undefined) return missing;
  const [kernel, busybox, esbuild] = paths.map((path) => readFileSync(path));
  const files = { 'bin/esbuild': esbuild, ...project() };
  return { bios: readFileSync(FIRMWARE), kernel, initrd: buildInitramfs({ busybox, files, init: INIT }) };
}

/** Turns marks on a console into nanoseconds by name; `now` gives the CPU time spent so far. */
class Marks {
  text = '';
  begun = { 'linux-boot': 0 };
  spent = {};

  constructor(now) {
    this.now = now;
  }

  hear(piece) {
    this.text += piece;
    for (let end = this.text.indexOf('\n'); end >= 0; end = this.text.indexOf('\n')) {
      const [, what, name] = /@(begin|end) (\S+)/.exec(this.text.slice(0, end)) ?? [];
      this.text = this.text.slice(end + 1);
      if (what === 'begin') this.begun[name] = this.now();
      if (what === 'end') this.spent[name] = this.now() - this.begun[name];
    }
  }
}

function oursOnce({ bios, kernel, initrd }) {
  const before = process.cpuUsage();
  const marks = new Marks(() => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) * 1000;
  });
  const output = (bytes) => marks.hear(String.fromCharCode(...bytes));
  const machine = EmulatedMachine.create({ memoryBytes: MEMORY, codePages: 4096, console: { output } });
  machine.boot({ bios, kernel, initrd, commandLine: COMMAND_LINE });
  while (machine.system.run(STEP).kind !== 'stopped');
  machine.dispose();
  return marks.spent;
}

/** CPU time of all threads of a process, ns. */
function threadsTime(pid) {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.reduce(
    (sum, id) => sum + Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]),
    0,
  );
}

function qemuOnce(paths) {
  const files = ['-bios', FIRMWARE, '-kernel', paths.kernel, '-initrd', paths.initrd, '-append', COMMAND_LINE];
  const board = ['-M', 'virt', '-m', `size=${MEMORY}B`, '-nographic', '-no-reboot'];
  const child = spawn('qemu-system-riscv64', [...board, ...files], { stdio: ['ignore', 'pipe', 'inherit'] });
  const marks = new Marks(() => threadsTime(child.pid));
  child.stdout.setEncoding('latin1').on('data', (piece) => marks.hear(piece));
  return new Promise((resolve, reject) => child.on('error', reject).on('close', () => resolve(marks.spent)));
}

const least = (runs, name) => Math.min(...runs.map((spent) => spent[name] ?? NaN));

async function measure(record, images) {
  const folder = mkdtempSync(join(tmpdir(), 'veridian-linux-'));
  try {
    const paths = { kernel: join(folder, 'kernel'), initrd: join(folder, 'initrd') };
    for (const name of ['kernel', 'initrd']) writeFileSync(paths[name], images[name]);
    const [ours, theirs] = [[], []];
    for (let i = 0; i < RUNS; i++) {
      ours.push(oursOnce(images));
      theirs.push(await qemuOnce(paths));
    }
    for (const name of ['linux-boot', ...Object.keys(PROGRAMS)]) {
      record({ case: name, oursNs: least(ours, name), peer: 'qemu-system-riscv64', peerNs: least(theirs, name) });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
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

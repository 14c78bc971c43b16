#!/usr/bin/env node
/**
 * The kit of every machine on KVM's hardware kind, for hosts whose KVM is of another kind or absent: Debian's kernel runs
 * in QEMU, which translates a processor with AMD's virtualisation (SVM, nested paging), and KVM runs in there.
 *
 *   npm run test:kvm-hardware [-- PART-OF-A-CASE'S-NAME]      some minutes
 *   npm run test:kvm-hardware -- --machine qemu               the kit on machine-qemu's x86_64, accelerated by that KVM
 *   npm run test:kvm-hardware -- --from N                     all cases but the first N: to go on where a run was ended
 *
 * Needs qemu-system-x86_64, apt-get (linux-image-amd64 is downloaded, not installed), xz, strip, and busybox of
 * tools/fetch-programs.mjs. The guest sees the host's files, read only.
 *
 * What may fail is the translator's: it raises no unmasked SIMD exceptions (two cases); and XSETBV in a guest of its SVM is
 * no exit, so KVM never hears that the guest switched vector state on, and gives it back x87 alone at the next entry.
 * machine-kvm sets XCR0 by ioctl; QEMU's guest sets its own, and fails the cases that look at such state.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { locateProgram } from '../programs/locate.mjs';
import { buildInitramfs, orderModules } from './lib/initramfs.mjs';

const ROOT = resolve(import.meta.dirname, '..');
const MODULES = ['virtio_pci', '9pnet_virtio', '9p', 'kvm_amd'];
const ALLOWED = {
  kvm: /SIMD division by zero/,
  qemu: /SIMD division by zero| > vectors > | > contexts > (floating point: |copy takes integer and floating-point state)/,
};
const SHARE = 'trans=virtio,version=9p2000.L,msize=512000';
const TIMEOUT_MS = 120 * 60_000;
const MACHINES = ['kvm', 'qemu'];

const init = (command) => `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs devtmpfs /dev
for module in $(cat /modules/order); do insmod /modules/$module.ko; done
mount -t 9p -o ${SHARE},cache=loose,ro host /mnt
for folder in proc sys dev; do mount --bind /$folder /mnt/$folder; done
mount -t tmpfs tmpfs /mnt/tmp; mkdir /mnt/tmp/job
mount -t 9p -o ${SHARE} job /mnt/tmp/job
chroot /mnt /bin/sh -c 'export HOME=/tmp; cd ${ROOT}; ${command}'
poweroff -f
`;

function must(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}

/** Debian's kernel, unpacked into `folder`. */
function fetchKernel(folder) {
  const name = /linux-image-\d\S*/.exec(must('apt-cache', ['depends', 'linux-image-amd64']))?.[0];
  if (name === undefined) throw new Error('linux-image-amd64: expected a package that it depends on, got none');
  must('apt-get', ['download', name], { cwd: folder });
  const archive = readdirSync(folder).find((file) => file.endsWith('.deb'));
  must('dpkg-deb', ['-x', archive, 'image'], { cwd: folder });
  const boot = join(folder, 'image/boot');
  const kernel = readdirSync(boot).find((file) => file.startsWith('vmlinuz-'));
  return { kernel: join(boot, kernel), modules: join(folder, 'image') };
}

/** The kit in one file, beside koffi: what the guest runs. */
async function writeJob(folder) {
  mkdirSync(folder);
  await build({
    entryPoints: [join(ROOT, 'tools/kits/kvm-hardware.mjs')],
    outfile: join(folder, 'kit.mjs'),
    tsconfig: join(ROOT, 'tsconfig.base.json'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['koffi'],
    logLevel: 'error',
  });
  return folder;
}

function qemu({ kernel, initrd, job }) {
  const share = (tag, path, more) => [
    ...['-fsdev', `local,id=${tag},path=${path},security_model=none${more}`],
    ...['-device', `virtio-9p-pci,fsdev=${tag},mount_tag=${tag}`],
  ];
  const args = [
    ...['-accel', 'tcg', '-cpu', 'EPYC-Rome,+svm,+npt', '-m', '3G', '-nographic', '-no-reboot'],
    ...['-kernel', kernel, '-initrd', initrd, '-append', 'console=ttyS0 panic=-1 quiet'],
    ...share('host', '/', ',readonly=on,multidevs=remap'),
    ...share('job', job, ''),
  ];
  return spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'pipe', 'ignore'], timeout: TIMEOUT_MS });
}

/** @returns the command's exit status */
async function main(machine, part, from) {
  const folder = mkdtempSync(join(tmpdir(), 'veridian-kvm-'));
  try {
    const { kernel, modules } = fetchKernel(folder);
    const job = await writeJob(join(folder, 'job'));
    const busybox = readFileSync(locateProgram('busybox-x86_64').path);
    // In the guest modules are found from where the program is; koffi is in the repository's.
    const command = `ln -s ${ROOT}/node_modules /tmp/node_modules; ${process.execPath} /tmp/job/kit.mjs ${machine} "${part}" ${from}`;
    const archive = buildInitramfs({ busybox, modules: orderModules(modules, MODULES, 'strip'), init: init(command) });
    const initrd = join(folder, 'initrd');
    writeFileSync(initrd, archive);
    return await watch(qemu({ kernel, initrd, job }), ALLOWED[machine]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Passes on what the guest prints; judges it at the end. */
async function watch(guest, allowed) {
  let text = '';
  guest.stdout.setEncoding('utf8').on('data', (piece) => {
    text += piece;
    process.stdout.write(piece);
  });
  await new Promise((done, fail) => guest.on('error', fail).on('close', done));
  const unexpected = text.split('\n').filter((line) => line.startsWith('FAIL') && !allowed.test(line));
  const [, passed = '0', failed = '0', of = '?'] = /kit: (\d+) passed, (\d+) failed, of (\d+)/.exec(text) ?? [];
  const isHardware = text.includes('"kind":"hardware"');
  console.log(
    `\n${passed} of ${of} passed on KVM's hardware kind; ${failed} failed, ${unexpected.length} of them ours`,
  );
  return isHardware && Number(passed) > 0 && unexpected.length === 0 ? 0 : 1;
}

const { values, positionals } = parseArgs({
  options: { machine: { type: 'string', default: 'kvm' }, from: { type: 'string', default: '0' } },
  allowPositionals: true,
});
if (!MACHINES.includes(values.machine))
  throw new RangeError(`--machine: expected kvm or qemu, got '${values.machine}'`);
if (!/^\d+$/.test(values.from)) throw new RangeError(`--from: expected a number of cases, got '${values.from}'`);
process.exitCode = await main(values.machine, positionals[0] ?? '', Number(values.from));

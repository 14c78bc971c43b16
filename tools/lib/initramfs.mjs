/**
 * An initial RAM disk for tests and benches: busybox, kernel modules in the order of their dependencies, and a /init that
 * mounts the usual file systems, loads the modules and becomes a shell on the console.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { CpioWriter } from './cpio.mjs';

const FOLDERS = ['bin', 'dev', 'etc', 'lib', 'mnt', 'proc', 'root', 'run', 'sys', 'tmp', 'modules'];

const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for module in $(cat /modules/order); do insmod /modules/$module.ko; done
export PATH=/bin HOME=/root PS1='veridian# '
cd /root
exec setsid -c sh -c 'exec sh -i </dev/console >/dev/console 2>&1'
`;

/** Path of each module below a package's modules folder, by name with `_` for `-`. */
function listModules(folder) {
  const found = new Map();
  for (const path of readdirSync(folder, { recursive: true })) {
    const name = /^(.*)\.ko(\.xz)?$/.exec(basename(path))?.[1];
    if (name !== undefined) found.set(name.replaceAll('-', '_'), join(folder, path));
  }
  return found;
}

function run(command, args, input) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { input, maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}

/**
 * An uncompressed module without the symbols that loading it does not need, three quarters of it.
 * @throws Error where a tool is missing or fails
 */
function readModule(path, strip) {
  const bytes = readFileSync(path);
  const folder = mkdtempSync(join(tmpdir(), 'veridian-module-'));
  try {
    const file = join(folder, 'module.ko');
    writeFileSync(file, path.endsWith('.xz') ? run('xz', ['-dc'], bytes) : bytes);
    run(strip, ['--strip-unneeded', file]);
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Names that a module's `.modinfo` says it needs. */
function dependenciesOf(bytes) {
  const text = /\0?depends=([^\0]*)\0/.exec(bytes.toString('latin1'))?.[1] ?? '';
  return text === '' ? [] : text.split(',').map((name) => name.replaceAll('-', '_'));
}

/** The modules and all that they need, each behind what it needs. @throws Error naming one that is not there */
export function orderModules(folder, wanted, strip = 'riscv64-linux-gnu-strip') {
  const paths = listModules(folder);
  const ordered = new Map();
  const add = (name) => {
    if (ordered.has(name)) return;
    const path = paths.get(name);
    if (path === undefined) throw new Error(`module ${name}: expected it below ${folder}`);
    const bytes = readModule(path, strip);
    for (const needed of dependenciesOf(bytes)) if (paths.has(needed)) add(needed);
    ordered.set(name, bytes);
  };
  for (const name of wanted) add(name);
  return ordered;
}

/**
 * @param busybox bytes of a static busybox
 * @param modules from {@link orderModules}
 * @param files further ones by path, with their bytes; their folders are made
 * @returns the archive
 */
export function buildInitramfs({ busybox, modules = new Map(), files = {}, init = INIT }) {
  const archive = new CpioWriter();
  for (const name of FOLDERS) archive.folder(name);
  archive.device('dev/console', 5, 1).device('dev/null', 1, 3, 0o666);
  archive.file('bin/busybox', busybox, 0o755).link('bin/sh', 'busybox');
  for (const [name, bytes] of modules) archive.file(`modules/${name}.ko`, bytes);
  archive.file('modules/order', `${[...modules.keys()].join('\n')}\n`);
  const folders = new Set(FOLDERS);
  for (const [path, bytes] of Object.entries(files)) {
    const parents = path.split('/').slice(0, -1);
    parents.forEach((_, i) => {
      const folder = parents.slice(0, i + 1).join('/');
      if (!folders.has(folder)) archive.folder(folder);
      folders.add(folder);
    });
    archive.file(path, bytes, 0o755);
  }
  archive.file('init', init, 0o755);
  return archive.finish();
}

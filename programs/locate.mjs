/**
 * Where fetched programs and built guests live, and how a test finds one.
 *
 * Layout   $VERIDIAN_PROGRAMS (default .cache/programs)/
 *            packages/NAME-SHA12/   one unpacked package; the name carries the pinned checksum, so a
 *                                   changed pin is a new folder and a half-made one is never seen
 *            index.json             program name -> { path, sysroot, version }, and the manifest's checksum
 *            moved.json             versions and checksums of packages that Debian has rebuilt since they were pinned
 *            sysroot-SHA12/         all packages of group `dynamic` merged, with /lib and /bin
 *          $VERIDIAN_GUESTS (default .cache/guests)/NAME   programs/guests/*.c, linked; other ISAs' in ISA/NAME
 * Source   manifest.json beside this file, and tools.json: what tests compare with. It is apart so that a newer tool does not
 *          make the fetched programs those of another manifest.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { arch } from 'node:process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const repository = dirname(here);

export const manifestPath = join(here, 'manifest.json');
export const toolsPath = join(here, 'tools.json');
export const caseExpectations = join(here, 'expected');
export const guestSources = join(here, 'guests');
export const expectedOutputs = join(here, 'guests', 'expected');

/** @returns the folder that `tools/fetch-programs.mjs` fills */
export const programsRoot = () => resolve(process.env.VERIDIAN_PROGRAMS || join(repository, '.cache', 'programs'));

/** @returns the folder that `tools/build-guests.mjs` fills */
export const guestsRoot = () => resolve(process.env.VERIDIAN_GUESTS || join(repository, '.cache', 'guests'));

/** @returns the manifest's own checksum: what was fetched for another manifest does not count */
export const manifestSum = () => createHash('sha256').update(readFileSync(manifestPath)).digest('hex');

const movedPath = () => join(programsRoot(), 'moved.json');

/** @returns package -> `{ version, sha256 }` of what took a pinned package's place in the archive */
function readMoved() {
  if (!existsSync(movedPath())) return {};
  const { manifest, packages } = JSON.parse(readFileSync(movedPath(), 'utf8'));
  return manifest === manifestSum() ? packages : {};
}

/** Remembers that the archive offers `got` instead of the pinned file of a package. */
export function noteMoved(name, got) {
  const packages = { ...readMoved(), [name]: got };
  writeFileSync(movedPath(), `${JSON.stringify({ manifest: manifestSum(), packages }, null, 2)}\n`);
}

/**
 * @returns the parsed manifest: `{ npm: Package[], debian: { suite, architecture, packages: Package[] } }`, with the
 * packages that have moved on as they were fetched
 */
export function readManifest() {
  const manifest = JSON.parse(readFileSync(manifestPath, 'utf8'));
  const moved = readMoved();
  for (const entry of manifest.debian.packages) Object.assign(entry, moved[packageKey(entry)]);
  return manifest;
}

/** @returns the Debian packages of tools.json, as they were fetched */
export function readTools() {
  const moved = readMoved();
  return JSON.parse(readFileSync(toolsPath, 'utf8')).map((entry) => ({ ...entry, ...moved[packageKey(entry)] }));
}

/** @returns what tells packages apart: a Debian package may be there for several architectures */
export const packageKey = (entry) =>
  entry.architecture === undefined ? entry.package : `${entry.package}:${entry.architecture}`;

/** @returns every package of the manifest, npm's and Debian's alike, and the tools */
export function packagesOf(manifest) {
  return [
    ...manifest.npm.map((entry) => ({ ...entry, source: 'npm' })),
    ...[...manifest.debian.packages, ...readTools()].map((entry) => ({ ...entry, source: 'debian' })),
  ];
}

/** The ISA that this host runs: its programs double as oracles. */
export const hostIsa = { x64: 'x86_64', arm64: 'aarch64', riscv64: 'riscv64' }[arch];

/** ISAs that programs and guests come for; riscv64's have no suffix in their names. */
export const ISAS = ['riscv64', 'x86_64', 'aarch64'];

/** @returns a program's name for an ISA: `busybox`, `busybox-x86_64`; `NAME-host` is the one of the host's */
export const programFor = (name, isa) => (isa === 'riscv64' ? name : `${name}-${isa}`);

/** @returns the folder that holds one package, unpacked */
export function packageFolder(entry) {
  const name = entry.package.replace(/^@/, '').replaceAll('/', '-');
  return join(programsRoot(), 'packages', `${name}-${entry.sha256.slice(0, 12)}`);
}

/** @returns the merged root of all `dynamic` packages: what a dynamic program must see as `/` */
export function sysrootFolder(manifest = readManifest()) {
  const pins = manifest.debian.packages.filter((entry) => entry.group === 'dynamic').map((entry) => entry.sha256);
  const sum = createHash('sha256').update(pins.join('\n')).digest('hex');
  return join(programsRoot(), `sysroot-${sum.slice(0, 12)}`);
}

/**
 * Finds a fetched program by its short name (`busybox`, `esbuild-aarch64`, `esbuild-host`, ...).
 * @returns `{ path, sysroot, version }`; `sysroot` only for a dynamic program. `undefined` if it is not fetched.
 * @throws RangeError when the manifest knows no such program
 */
export function locateProgram(alias) {
  const manifest = readManifest();
  const name = alias.endsWith('-host') ? programFor(alias.slice(0, -'-host'.length), hostIsa) : alias;
  const entry = packagesOf(manifest).find((candidate) => candidate.programs[name] !== undefined);
  if (entry === undefined) throw new RangeError(`name: expected a program of ${manifestPath}, got ${name}`);
  const sysroot = entry.group === 'dynamic' ? sysrootFolder(manifest) : undefined;
  const path = join(sysroot ?? packageFolder(entry), entry.programs[name]);
  return existsSync(path) ? { path, sysroot, version: entry.version } : undefined;
}

/** @returns the cases of the fetched programs (cases.json; README.md tells the fields) */
export const readCases = () => JSON.parse(readFileSync(join(here, 'cases.json'), 'utf8'));

/** @returns the guests (guests/guests.json; README.md tells the fields) */
export const readGuests = () => JSON.parse(readFileSync(join(guestSources, 'guests.json'), 'utf8'));

/** @returns the guests that are built for an ISA */
export const guestsFor = (isa) => readGuests().filter(({ isas = ISAS }) => isas.includes(isa));

/** @returns every run of every guest of an ISA: `{ name, guest, args }`, named GUEST or GUEST-FIRSTARGUMENT */
export const guestRuns = (isa = 'riscv64') =>
  guestsFor(isa).flatMap(({ name, runs = [[]] }) =>
    runs.map((args) => ({ name: [name, ...args.slice(0, 1)].join('-'), guest: name, args })),
  );

/** @returns the folder of an ISA's guests: riscv64's is the root of them all */
export const guestsFolder = (isa) => (isa === 'riscv64' ? guestsRoot() : join(guestsRoot(), isa));

/** @returns the path of a built guest, or `undefined` if `tools/build-guests.mjs` has not built it */
export function locateGuest(name, isa = 'riscv64') {
  const path = join(guestsFolder(isa), name);
  return existsSync(path) ? path : undefined;
}

/** What programs and services are given at their start: minted from init's root capabilities, and nothing else. */
import { Rights } from '@veridian-os/capabilities';
import { isErrno, panic, type Errno } from '@veridian-os/abi';
import { O_DIRECTORY, O_PATH } from '@veridian-os/vfs';
import type { EndowmentOptions } from '../api.js';
import type { Process } from '../core/process.js';
import type { Token } from '../files/fd-table.js';
import type { Kernel } from '../kernel.js';

/** Capabilities deleted per call of `revoke`. */
const REVOKE_STEP = 256;

/** Root capabilities, in init's space. */
export interface RootCapabilities {
  readonly fileServer: Token;
  readonly clock: Token;
  readonly entropy: Token;
  readonly system: Token;
}

/** Gives `process` what is listed in `wanted`, and nothing else. 0, or ENOMEM when there is no room for a capability. */
export function endow(
  kernel: Kernel,
  init: Process,
  roots: RootCapabilities,
  process: Process,
  wanted: EndowmentOptions,
): number {
  const { endowment } = process;
  const give = (token: Token): Token | Errno => hand(kernel, init, token, process, Rights.Read | Rights.Grant);
  // The badge tells a server which launch a request comes from, however often the capability is inherited.
  const introduce = (root: Token): Token | Errno =>
    mint(kernel, init, root, process, Rights.Write | Rights.Grant, process.pid);
  const given = [
    wanted.files === true ? put(introduce(roots.fileServer), (token) => (endowment.fileServer = token)) : 0,
    wanted.files === true ? grantDirectory(kernel, process) : 0,
    wanted.entropy === true ? put(give(roots.entropy), (token) => (endowment.entropy = token)) : 0,
    wanted.clock === true ? put(give(roots.clock), (token) => (endowment.clock = token)) : 0,
    wanted.system === true ? put(give(roots.system), (token) => (endowment.system = token)) : 0,
    ...(wanted.services ?? []).map((name) =>
      put(introduce(serviceRoot(kernel, name)), (token) => endowment.services.set(name, token)),
    ),
  ];
  return given.find((result) => result < 0) ?? 0;
}

function put(token: Token | Errno, store: (token: Token) => void): number {
  if (typeof token === 'number') return token;
  store(token);
  return 0;
}

/** @throws RangeError for a service that does not run */
export function serviceRoot(kernel: Kernel, name: string): Token {
  const service = kernel.services.get(name);
  if (service !== undefined) return service.root;
  const known = [...kernel.services.keys()].join(', ') || 'no name (there are no services)';
  throw new RangeError(`endowment.services: expected ${known}, got ${JSON.stringify(name)}`);
}

/** The endpoint of a service goes with its process, so that nobody waits for an answer that cannot come. */
export function retireService(kernel: Kernel, process: Process): void {
  const { init } = kernel.processes;
  for (const [name, service] of kernel.services) {
    if (service.process !== process || init === undefined) continue;
    kernel.services.delete(name);
    const { lo, hi } = service.root;
    while (kernel.capabilities.revoke(init.capabilities, lo, hi, REVOKE_STEP) > 0);
    kernel.descriptors.drop(init, service.root);
  }
}

/** A copy with fewer rights in another process's space, or ENOMEM. */
export function hand(kernel: Kernel, from: Process, token: Token, to: Process, rights: number): Token | Errno {
  const { capabilities } = kernel;
  const result = capabilities.copy(from.capabilities, token.lo, token.hi, to.capabilities, rights);
  return result < 0 ? (result as Errno) : { lo: capabilities.tokenLo, hi: capabilities.tokenHi };
}

/** Like `hand`, with a badge that the endpoint's server sees on every message. */
function mint(kernel: Kernel, from: Process, token: Token, to: Process, rights: number, badge: number): Token | Errno {
  const { capabilities } = kernel;
  const result = capabilities.mint(from.capabilities, token.lo, token.hi, to.capabilities, rights, badge);
  return result < 0 ? (result as Errno) : { lo: capabilities.tokenLo, hi: capabilities.tokenHi };
}

/** The first capability of an object. */
export function rootCapability(kernel: Kernel, process: Process, type: number, object: number): Token {
  must(kernel.capabilities.insert(process.capabilities, type, object, Rights.All, 0));
  return { lo: kernel.capabilities.tokenLo, hi: kernel.capabilities.tokenHi };
}

/** For what cannot fail at boot. */
export function must<T>(result: T | Errno): T {
  if (typeof result === 'number' && isErrno(result))
    panic('kernel/boot', `an object or capability could not be made: ${result}`);
  return result;
}

/** The root directory as the first working directory; 0 or ENOMEM. */
function grantDirectory(kernel: Kernel, process: Process): number {
  const context = { root: kernel.vfs.root(), start: kernel.vfs.root(), umask: 0 };
  const directory = kernel.vfs.open(context, '/', O_PATH | O_DIRECTORY, 0);
  if (typeof directory === 'number') return directory;
  return put(kernel.descriptors.grant(process, directory), (token) => (process.cwd = token));
}

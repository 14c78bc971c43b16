/**
 * Stage 6: the first processes. Init holds every root capability; services and programs get what is minted from it and
 * nothing else.
 */
import { NONE, panic, S_IFCHR } from '@veridian-os/abi';
import { Rights } from '@veridian-os/capabilities';
import { createDevfs, createProcfs, createTmpfs, type Devfs } from '@veridian-os/vfs';
import type { Service } from '../api.js';
import { ObjectType } from '../core/objects.js';
import type { Process } from '../core/process.js';
import type { Thread } from '../core/thread.js';
import { installTask } from '../exec/exec.js';
import type { Token } from '../files/fd-table.js';
import type { Kernel } from '../kernel.js';
import { SIGCHLD } from '../signals/numbers.js';
import { Terminal } from '../tty/terminal.js';
import { consoleDriver, CONSOLE_OUTPUT } from './console-driver.js';
import { endow, hand, must, rootCapability, type RootCapabilities } from './endow.js';
import { fileServer } from './file-server.js';
import { procSource } from './proc-source.js';
import { mountPrograms } from './programs.js';

export interface UserSpaceParts {
  readonly init: Process;
  readonly roots: RootCapabilities;
  readonly terminal: Terminal | undefined;
  readonly devfs: Devfs;
}

export function startUserSpace(kernel: Kernel): UserSpaceParts {
  const devfs = mountBasics(kernel);
  const init = startInit(kernel);
  const endpoint = must(kernel.ipc.createEndpoint());
  const roots: RootCapabilities = {
    fileServer: rootCapability(kernel, init, ObjectType.Endpoint, endpoint),
    clock: rootCapability(kernel, init, ObjectType.Clock, 0),
    entropy: rootCapability(kernel, init, ObjectType.Entropy, 0),
    system: rootCapability(kernel, init, ObjectType.System, 0),
  };
  startFileServer(kernel, init, roots.fileServer);
  const terminal = startConsole(kernel, devfs);
  for (const service of kernel.options.services ?? []) startService(kernel, init, roots, service);
  return { init, roots, terminal, devfs };
}

/**
 * A task in a process of its own that nobody can kill, with an endpoint that it receives on.
 * @throws RangeError when its name is taken or its endowment names a service that does not run
 */
function startService(kernel: Kernel, init: Process, roots: RootCapabilities, service: Service): void {
  const { name, main, endowment = {} } = service;
  if (kernel.services.has(name)) throw new RangeError(`services: expected names that differ, got '${name}' twice`);
  const { process, thread } = newService(kernel, name);
  const root = rootCapability(kernel, init, ObjectType.Endpoint, must(kernel.ipc.createEndpoint()));
  must(endow(kernel, init, roots, process, endowment));
  process.endowment.services.set(name, must(hand(kernel, init, root, process, Rights.Read)));
  kernel.services.set(name, { root, process });
  installTask(kernel, thread, name, main);
  kernel.processes.start(thread);
}

function mountBasics(kernel: Kernel): Devfs {
  const { vfs, waits } = kernel;
  const environment = { wait: waits, now: () => kernel.fileTime() };
  const check = (result: number, what: string): void => {
    if (result < 0) panic('kernel/mount', `${what}: ${result}`);
  };
  check(vfs.mount('/', createTmpfs(environment)), '/');
  const context = { root: vfs.root(), start: vfs.root(), umask: 0 };
  for (const directory of ['/dev', '/proc', '/tmp', '/bin']) check(vfs.mkdir(context, directory, 0o755), directory);
  const devfs = createDevfs({ ...environment, entropy: (into) => kernel.fillRandom(into) });
  check(vfs.mount('/dev', devfs), '/dev');
  check(vfs.mount('/proc', createProcfs(procSource(kernel), environment)), '/proc');
  mountPrograms(kernel);
  for (const mount of kernel.options.mounts ?? []) {
    makeDirectories(kernel, mount.path);
    const options = { readOnly: mount.readOnly ?? false, source: mount.source ?? 'none' };
    check(vfs.mount(mount.path, mount.fs(kernel), options), mount.path);
  }
  return devfs;
}

/** mkdir -p for mount points. */
export function makeDirectories(kernel: Kernel, path: string): void {
  const context = { root: kernel.vfs.root(), start: kernel.vfs.root(), umask: 0 };
  let prefix = '';
  for (const part of path.split('/').filter((name) => name !== '')) {
    prefix += `/${part}`;
    kernel.vfs.mkdir(context, prefix, 0o755);
  }
}

function startInit(kernel: Kernel): Process {
  const { process, thread } = newService(kernel, 'init');
  process.actions.get(SIGCHLD).handlerLo = 1; // orphans need no waiting for
  installTask(kernel, thread, 'init', function* init(sys) {
    for (;;) yield* sys.sleep(Infinity);
  });
  kernel.processes.init = process;
  kernel.processes.start(thread);
  return process;
}

function startFileServer(kernel: Kernel, init: Process, root: Token): void {
  const { process, thread } = newService(kernel, 'fileserver');
  const endpoint = must(hand(kernel, init, root, process, Rights.Read));
  const notification = notificationFor(kernel, process, thread);
  installTask(kernel, thread, 'fileserver', fileServer({ vfs: kernel.vfs, endpoint, notification }));
  kernel.processes.start(thread);
}

function startConsole(kernel: Kernel, devfs: Devfs): Terminal | undefined {
  const uart = kernel.machine.features.devices.find((device) => device.compatible === 'ns16550a');
  if (uart === undefined) return undefined;
  const { process, thread } = newService(kernel, 'console');
  const { base, length, interrupt: source } = uart;
  const grant = { source, notification: NONE, badge: 0 };
  kernel.interruptGrants.set(source, grant);
  const device = rootCapability(kernel, process, ObjectType.Device, kernel.objects.devices.add({ base, length }));
  const interrupt = rootCapability(kernel, process, ObjectType.Interrupt, kernel.objects.interrupts.add(grant));
  const object = must(kernel.ipc.createNotification());
  const notification = rootCapability(kernel, process, ObjectType.Notification, object);
  const terminal = new Terminal(kernel, () => {
    kernel.ipc.signal(object, CONSOLE_OUTPUT);
    kernel.messages.drain();
  });
  const open = (): Terminal => terminal;
  devfs.register('console', S_IFCHR | 0o620, (5 << 8) | 1, open);
  devfs.register('ttyS0', S_IFCHR | 0o620, (4 << 8) | 64, open);
  devfs.register('tty', S_IFCHR | 0o666, 5 << 8, () => kernel.clientTerminal());
  installTask(kernel, thread, 'console', consoleDriver({ terminal, device, interrupt, notification }));
  kernel.processes.start(thread);
  return terminal;
}

function newService(kernel: Kernel, name: string): { process: Process; thread: Thread } {
  const process = kernel.processes.create({ parent: undefined, name, isService: true });
  if (typeof process === 'number') return panic('kernel/service', `${name}: ${process}`);
  const thread = kernel.processes.createThread(process, name);
  if (typeof thread === 'number') return panic('kernel/service', `${name}: ${thread}`);
  return { process, thread };
}

function notificationFor(kernel: Kernel, process: Process, thread: Thread): Token {
  const object = must(kernel.ipc.createNotification());
  kernel.ipc.bind(object, thread.slot);
  return rootCapability(kernel, process, ObjectType.Notification, object);
}

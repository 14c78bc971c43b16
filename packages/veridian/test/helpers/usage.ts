/** What this process holds of its host, for tests that nothing is left behind: of its own and its children only. */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';

export interface Usage {
  /** Open descriptors by what they lead to, without numbers. */
  readonly descriptors: Readonly<Record<string, number>>;
  /** Mappings of guest memory, of vCPUs and of other files without a name. */
  readonly mappings: number;
  readonly addressSpaceMiB: number;
  /** Children, those included that have ended and were not waited for. */
  readonly children: number;
  readonly threads: number;
  /** POSIX timers; 0 where the host does not list them. */
  readonly timers: number;
  /** Files in this process's own folder for temporary ones, and in shared memory. */
  readonly files: readonly string[];
  /** What keeps the event loop alive, by kind. */
  readonly resources: Readonly<Record<string, number>>;
}

function counted(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of [...names].sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** The text of a file of /proc; empty when it is gone or not there on this host. */
function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function target(fd: string): string[] {
  try {
    return [readlinkSync(`/proc/self/fd/${fd}`).replace(/\d+/g, '#')];
  } catch {
    return []; // the descriptor that listed the folder
  }
}

/** Process ids of this process's children. */
export function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  // pid (name) state parent: the name may hold anything.
  return pids.filter((pid) => Number(/\) \S (\d+)/.exec(text(`/proc/${pid}/stat`))?.[1]) === parent).map(Number);
}

export function usage(): Usage {
  const maps = text('/proc/self/maps');
  return {
    descriptors: counted(readdirSync('/proc/self/fd').flatMap(target)),
    mappings: maps.match(/memfd:|kvm|veridian/g)?.length ?? 0,
    addressSpaceMiB: Number(/^VmSize:\s+(\d+) kB/m.exec(text('/proc/self/status'))?.[1]) / 1024,
    children: childrenOf(process.pid).length,
    threads: readdirSync('/proc/self/task').length,
    timers: text('/proc/self/timers').match(/^ID:/gm)?.length ?? 0,
    files: [...readdirSync(tmpdir()), ...readdirSync('/dev/shm').filter((name) => /veridian|qemu/.test(name))],
    resources: counted(process.getActiveResourcesInfo()),
  };
}

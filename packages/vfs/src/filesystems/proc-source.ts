/** What procfs asks of a kernel. Everything is generated when it is opened or read; nothing is kept. */
import type { Errno } from '@veridian-os/abi';
import type { OpenFile, Path } from '../api.js';

/** Per-process files that programs commonly look for; {@link ProcSource.processFiles} says which ones exist. */
export const COMMON_PROCESS_FILES = [
  'cmdline',
  'comm',
  'environ',
  'limits',
  'maps',
  'mounts',
  'oom_score_adj',
  'stat',
  'statm',
  'status',
] as const;

export interface ProcSource {
  /** Names of the text files in every /proc/PID and /proc/PID/task/TID; at most 100, fixed. */
  readonly processFiles: readonly string[];
  /** Text files of the system by path below /proc (`'meminfo'`, `'sys/kernel/hostname'`), fixed. */
  readonly systemFiles: Readonly<Record<string, () => string>>;
  /** Process and thread on whose behalf the operation runs: /proc/self, /proc/thread-self; 0 when there is none. */
  self(): number;
  selfThread(): number;
  /** Live processes, in any order; 1 to 2^31 - 1. */
  pids(): readonly number[];
  /** Live threads of a process; empty when it is gone. */
  threads(pid: number): readonly number[];
  /** Contents of /proc/PID/task/TID/`name` (/proc/PID/`name`: `tid` = `pid`); undefined when the thread is gone. */
  text(pid: number, tid: number, name: string): string | Uint8Array | undefined;
  /** Executable, working directory or root, not retained; undefined when there is none. */
  link(pid: number, name: 'exe' | 'cwd' | 'root'): Path | undefined;
  /** Open descriptor numbers, 0 to 2^20 - 1. */
  descriptors(pid: number): readonly number[];
  /** An open descriptor, not retained. */
  descriptor(pid: number, fd: number): OpenFile | undefined;
  /** Takes what was written to a process's file: bytes taken, or an Errno. Absent: nothing can be written. */
  write?(pid: number, tid: number, name: string, data: Uint8Array): number | Errno;
}

export * from './api.js';
export { BootedKernel, createKernel } from './create-kernel.js';
export { Kernel } from './kernel.js';
export type { KernelStatistics } from './core/statistics.js';
export { BOOT_STAGES, type BootStage } from './core/boot-log.js';
export { isBlocking, NO_RESULT, settle, Wake } from './core/blocking.js';
export { SHARED } from './core/futex.js';
export type { WaitTarget } from './core/waiting.js';
export { OBJECT_NAMES, ObjectType } from './core/objects.js';
export {
  Limit,
  LIMIT_COUNT,
  Process,
  ProcessState,
  type ProcessEnd,
  type Session,
  type SharedSpace,
} from './core/process.js';
export { Thread, ThreadState } from './core/thread.js';
export { Timekeeping, type TimeOfDay } from './core/timekeeping.js';
export type { Timer } from './core/timers.js';
export { cloneThread, fork, type ForkOptions } from './exec/fork.js';
export { exec } from './exec/exec.js';
export { openProgram, releaseProgram, TASK_INTERPRETER, type Program, type ProgramRequest } from './exec/image.js';
export type { SpawnOptions } from './exec/spawn.js';
export { waitFor, type WaitOptions, type WaitResult } from './exec/wait.js';
export { fileRights } from './files/descriptors.js';
export { FdTable, type Token } from './files/fd-table.js';
export type { RefreshSegments } from './files/io.js';
export { AT_FDCWD } from './files/paths.js';
export { emptyFileSystemStat, emptyStat } from './files/protocol.js';
export { KernelDriver, nextTurn, type DriverOptions } from './host/driver.js';
export type { Input, InputEntry, InputLog } from './host/inputs.js';
export type { LaunchOptions } from './host/launch.js';
export { HostInput, HostOutput, type OutputBudget, type OutputOptions } from './host/streams.js';
export { makeDirectories } from './services/user-space.js';
export { storeFile, writeFile } from './services/programs.js';
export * from './signals/numbers.js';
export { SignalSet } from './signals/signal-set.js';
export {
  defaultSignalAction,
  HANDLER_DEFAULT,
  HANDLER_IGNORE,
  PendingSignals,
  signalInfo,
  SignalActions,
  type SignalAction,
  type SignalInfo,
} from './signals/signal-state.js';
export { ServiceSys, type CallRequest, type ReceivedMessage } from './tasks/service-sys.js';
export { Sys, type DirectoryEntry, type PollRequest } from './tasks/sys.js';
export { Request, type SysOperation, type TaskGenerator, type TaskMain, type TaskStep } from './tasks/task.js';
export { LineDiscipline, type LineSink } from './tty/line-discipline.js';
export * from './tty/termios.js';
export * from './tty/terminal.js';

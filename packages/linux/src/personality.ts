/** The Linux personality: from a trap to a handler of the table and back into the registers. */
import type { Errno } from '@veridian-os/abi';
import { EINTR, ENOSYS, RESTART, WOULD_BLOCK, panic } from '@veridian-os/abi';
import type { ElfImage } from '@veridian-os/elf';
import type { Trap } from '@veridian-os/hal';
import type {
  Blocking,
  ExecImage,
  Kernel,
  MaybeBlocking,
  Personality,
  Process,
  SignalAction,
  SignalInfo,
  Thread,
} from '@veridian-os/kernel';
import { NO_RESULT, SI_USER, Wake, isBlocking, signalInfo } from '@veridian-os/kernel';
import type { ExecutePolicy, FaultResult } from '@veridian-os/memory';
import type { LinuxOptions } from './api.js';
import { Call } from './call.js';
import { LINUX_ISAS } from './isa/isas.js';
import { Linux } from './linux.js';
import { loadProgram } from './load/load.js';
import { releaseThread } from './process/exit.js';
import { Faulting } from './signals/faulting.js';
import { deliverSignal } from './signals/frame.js';
import { setResult, settleInterrupted } from './signals/restart.js';
import { LinuxProcess, LinuxThread, stateOf } from './state.js';
import { indexRows } from './table/index-rows.js';
import type { Row } from './table/row.js';
import { TABLE } from './table/table.js';
import { ProcessTimers, signalArrived } from './time/process-timers.js';

/** A personality that runs unmodified Linux programs of the machine's ISA. */
export function linux(options: LinuxOptions = {}): Personality {
  return new LinuxPersonality(options);
}

export class LinuxPersonality implements Personality {
  readonly name = 'linux';
  readonly executePolicy: ExecutePolicy = 'linux';
  private readonly options: LinuxOptions;
  private attached: Linux | undefined = undefined;
  /** Rows by system-call number of the machine's ISA. */
  private rows: readonly (Row | undefined)[] = [];

  constructor(options: LinuxOptions = {}) {
    this.options = options;
  }

  accepts(image: ElfImage): boolean {
    return this.attached !== undefined && image.machine === this.attached.isa.isa;
  }

  /** @throws RangeError for a machine whose ISA has no Linux column yet */
  attach(kernel: Kernel): void {
    const { isa } = kernel.machine.info.layout;
    const known = LINUX_ISAS.find((candidate) => candidate.isa === isa);
    if (known === undefined) throw new RangeError(`machine: expected an ISA that linux() knows, got ${isa}`);
    this.attached = new Linux(kernel, known, this.options);
    this.rows = indexRows(TABLE, isa);
  }

  reset(process: Process, thread: Thread): void {
    const { linux } = this;
    releaseProcessState(process);
    process.personal = new LinuxProcess(new ProcessTimers(linux.kernel, process));
    thread.personal = new LinuxThread(new Call(linux, thread));
  }

  load(thread: Thread, exec: ExecImage): MaybeBlocking<0 | Errno> {
    return loadProgram(stateOf(thread).call, exec);
  }

  syscall(thread: Thread): MaybeBlocking {
    const state = stateOf(thread);
    const { call } = state;
    const { numberWord, wideNumber } = call.linux.isa;
    const isNumber = !wideNumber || call.registers[numberWord + 1] === 0;
    const row = isNumber ? this.rows[call.registers[numberWord]] : undefined;
    state.row = row;
    if (call.registers[numberWord] !== call.linux.isa.restartNumber) state.restart = undefined;
    call.linux.tracer?.enter(call, row);
    if (row === undefined) return ENOSYS;
    call.sources = row.sources;
    const result = row.handler(call);
    return result === WOULD_BLOCK ? again(call, row) : result;
  }

  complete(thread: Thread, result: number): void {
    const state = stateOf(thread);
    const { call } = state;
    call.sources = undefined;
    if (result === NO_RESULT) return;
    call.linux.tracer?.leave(call, state.row, result);
    if (result === RESTART) state.interrupted = true;
    else setResult(call.linux.isa, call.registers, result);
  }

  interrupted(thread: Thread, action: SignalAction | undefined): void {
    const state = stateOf(thread);
    settleInterrupted(this.linux.isa, state, thread.registers, action);
  }

  faultSignal(thread: Thread, trap: Trap, result: FaultResult): SignalInfo {
    return this.linux.isa.signalOfFault(trap, result, new Faulting(stateOf(thread)));
  }

  deliver(thread: Thread, info: SignalInfo, action: SignalAction): MaybeBlocking<boolean> {
    signalArrived(info);
    this.linux.tracer?.signal(thread, info);
    return deliverSignal(stateOf(thread).call, info, action);
  }

  threadExit(thread: Thread): void {
    if (thread.personal === undefined) return;
    const { call, exitStatus } = stateOf(thread);
    call.linux.tracer?.ended(thread, exitStatus);
    releaseThread(call);
    if (thread.process.threads.size > 1) return;
    releaseProcessState(thread.process);
    this.tellOrphans(thread.process);
  }

  /** PR_SET_PDEATHSIG: children that asked for a signal at their parent's end. */
  private tellOrphans(process: Process): void {
    for (const child of process.children) {
      const { personal } = child;
      if (!(personal instanceof LinuxProcess) || personal.parentDeathSignal === 0) continue;
      const info = signalInfo(personal.parentDeathSignal, SI_USER, { pid: process.pid, uid: process.uid });
      this.linux.kernel.signals.sendProcess(child, info);
    }
  }

  private get linux(): Linux {
    return this.attached ?? panic('linux/not-attached');
  }
}

/** Runs a handler again, as often as it would have to wait for a page or a block. */
function* again(call: Call, row: Row): Blocking {
  for (;;) {
    if ((yield* call.awaitPage()) === Wake.Signal) return EINTR;
    const result = row.handler(call);
    if (isBlocking(result)) return yield* result;
    if (result !== WOULD_BLOCK) return result;
  }
}

/** Disarms what outlives the threads of a process. */
function releaseProcessState(process: Process): void {
  const { personal } = process;
  if (personal instanceof LinuxProcess) personal.timers.cancelAll();
}

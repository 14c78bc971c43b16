/** A running QEMU with its monitor waiting: what a machine is built over, and what one leaves to the next. */
import type { PhysAddr } from '@veridian-os/abi';
import type { Firmware } from '@veridian-os/hal';
import { boardMap, type BoardMap } from './board.js';
import { boardTree } from './board-tree.js';
import { GuestRam } from './guest-ram.js';
import { HostMonitor } from './host-monitor.js';
import type { QemuIsa } from './isa.js';
import { ISAS } from './isa/index.js';
import { CPU_AREAS, CPU_BYTES, Kick, MAILBOX, TREE, privateBytes } from './layout.js';
import { measureTicks } from './measure-ticks.js';
import { nodeFs } from './node.js';
import type { Settings } from './options.js';
import { FIRMWARE_PATH, QemuProcess, RAM_PATH, SOCKET_FD } from './process.js';
import type { Sharing } from './sharing/api.js';
import { openSharing } from './sharing/open.js';

const PARKING_MS = 1000;

export class Engine {
  readonly settings: Settings;
  readonly isa: QemuIsa;
  readonly ram: GuestRam;
  readonly process: QemuProcess;
  readonly monitor: HostMonitor;
  readonly map: BoardMap;
  readonly firmware: Firmware;
  /** Of the monitor's timer. */
  readonly ticksPerSecond: number;

  /** @throws RangeError for what the architecture cannot have; Error, with QEMU's last output, when it does not start */
  static start(settings: Settings): Engine {
    const isa = ISAS[settings.isa];
    if (settings.cpus > isa.mostCpus) {
      throw new RangeError(`cpus: expected at most ${isa.mostCpus} on ${settings.isa}, got ${settings.cpus}`);
    }
    const hidden = privateBytes(settings.maxContexts, isa.context.bytes);
    const parts = isa.parts(hidden + settings.memoryBytes);
    const sharing = openSharing(settings, { isa, parts, hidden });
    try {
      return new Engine(settings, isa, sharing, new GuestRam(sharing.ram, parts, hidden));
    } catch (error) {
      sharing.ram.dispose();
      throw error;
    }
  }

  private constructor(settings: Settings, isa: QemuIsa, sharing: Sharing, ram: GuestRam) {
    this.settings = settings;
    this.isa = isa;
    this.ram = ram;
    this.map = boardMap(settings.isa);
    const blob = boardTree({ ...settings, memory: ram.regions, map: this.map });
    this.firmware = { kind: 'fdt', blob, address: (isa.ramBase + TREE) as PhysAddr };
    ram.put([...isa.image(settings), { offset: TREE, bytes: blob }]);
    const mailboxes = Array.from({ length: settings.cpus }, (_, i) => sharing.mailbox(CPU_AREAS + i * CPU_BYTES));
    for (const mailbox of mailboxes) mailbox.prepare(settings.cpus);
    ram.publishPrivate();
    this.process = startQemu(settings, isa, sharing, ram.totalBytes);
    this.monitor = new HostMonitor(this.process, mailboxes, settings.spinning);
    try {
      this.monitor.awaitStart();
      this.ticksPerSecond = isa.ticksPerSecond ?? measureTicks(this.monitor);
    } catch (error) {
      this.process.dispose();
      throw error;
    }
    sharing.ram.opened();
    // riscv64: QEMU leaves its own device tree in RAM and says where.
    if (this.features > isa.ramBase) ram.wipeTree(this.features);
  }

  /** What the monitor's reset code found. */
  get features(): number {
    return this.monitor.mailboxes[0].words[MAILBOX.BOOT / 4];
  }

  /**
   * Parks every CPU, empties memory, forgets translations, code, kicks and floating-point state. QEMU's own devices stay
   * as they are.
   * @throws KernelPanic `cpu/host` when that does not succeed
   */
  renew(): void {
    const { monitor, process, ram } = this;
    process.checkAlive();
    const since = performance.now();
    for (const mailbox of monitor.mailboxes) {
      while (!mailbox.isDone) {
        mailbox.kick(Kick.Interrupt);
        monitor.ring();
        process.hear(1);
        if (performance.now() - since > PARKING_MS) process.fail('a CPU of QEMU does not come back');
      }
    }
    monitor.leaveRoots(); // which are in the memory that is wiped
    ram.wipe();
    for (const mailbox of monitor.mailboxes) {
      for (const by of Object.values(Kick)) mailbox.unkick(by);
      mailbox.dropFp();
      mailbox.flush();
      monitor.workOff(mailbox);
      for (const { base, length } of ram.regions) mailbox.sync(base, length);
      monitor.workOff(mailbox);
    }
  }

  dispose(): void {
    this.process.dispose();
    this.ram.file.dispose();
  }
}

function startQemu(settings: Settings, isa: QemuIsa, sharing: Sharing, bytes: number): QemuProcess {
  const args = [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', ...isa.args(settings)],
    // With room for one CPU only, QEMU leaves out barriers and the atomicity of atomic instructions; the host is another.
    ...['-smp', `cpus=${settings.cpus},maxcpus=${Math.max(2, settings.cpus)}`, '-m', `size=${bytes}B`],
    ...['-object', `memory-backend-file,id=ram,size=${bytes}B,mem-path=${RAM_PATH},share=on`],
    ...['-chardev', `socket,id=bell,fd=${SOCKET_FD}`, '-serial', 'chardev:bell'],
    ...(isa.firmware === undefined ? [] : ['-bios', FIRMWARE_PATH]),
  ];
  const { qemu, hangMs } = settings;
  const { closeSync, writeSync } = nodeFs();
  const firmware = isa.firmware === undefined ? -1 : sharing.file('firmware');
  try {
    if (isa.firmware !== undefined) writeSync(firmware, isa.firmware());
    return new QemuProcess(sharing, { executable: qemu, args, firmware, hangMs });
  } finally {
    if (firmware >= 0) closeSync(firmware);
  }
}

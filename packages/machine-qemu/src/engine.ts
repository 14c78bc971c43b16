/** A running QEMU with its monitor waiting: what a machine is built over, and what one leaves to the next. */
import type { PhysAddr } from '@veridian-os/abi';
import type { Firmware } from '@veridian-os/hal';
import { libc, libcProblem } from '@veridian-os/libc';
import { boardMap, type BoardMap } from './board.js';
import { boardTree } from './board-tree.js';
import { GuestRam } from './guest-ram.js';
import { HostMonitor } from './host-monitor.js';
import type { QemuIsa } from './isa.js';
import { ISAS } from './isa/index.js';
import { CPU_AREAS, CPU_BYTES, MAILBOX, TREE, privateBytes } from './layout.js';
import { MAILBOX_WORDS, Mailbox } from './mailbox.js';
import { measureTicks } from './measure-ticks.js';
import type { Settings } from './options.js';
import { FIRMWARE_PATH, QemuProcess, RAM_PATH, SOCKET_FD } from './process.js';

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
    const problem = libcProblem();
    if (problem !== undefined) throw new Error(`QEMU shares guest memory with this process. ${problem}`);
    const hidden = privateBytes(settings.maxContexts, isa.context.bytes);
    const ram = new GuestRam(libc(), isa.parts(hidden + settings.memoryBytes), hidden);
    try {
      return new Engine(settings, isa, ram);
    } catch (error) {
      ram.dispose();
      throw error;
    }
  }

  private constructor(settings: Settings, isa: QemuIsa, ram: GuestRam) {
    this.settings = settings;
    this.isa = isa;
    this.ram = ram;
    this.map = boardMap(settings.isa);
    const blob = boardTree({ ...settings, memory: ram.regions, map: this.map });
    this.firmware = { kind: 'fdt', blob, address: (isa.ramBase + TREE) as PhysAddr };
    ram.put([...isa.image(settings), { offset: TREE, bytes: blob }]);
    const mailboxes = Array.from(
      { length: settings.cpus },
      (_, i) => new Mailbox(ram.words(CPU_AREAS + i * CPU_BYTES, MAILBOX_WORDS), isa.monitorHi),
    );
    for (const mailbox of mailboxes) mailbox.prepare(settings.cpus);
    this.process = startQemu(settings, isa, ram);
    this.monitor = new HostMonitor(this.process, mailboxes, settings.spinning);
    try {
      this.monitor.awaitStart();
      this.ticksPerSecond = isa.ticksPerSecond ?? measureTicks(this.monitor);
    } catch (error) {
      this.process.dispose();
      throw error;
    }
    ram.closeFile();
    this.wipeTree();
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
        Atomics.or(mailbox.words, MAILBOX.KICK / 4, 1);
        monitor.ring();
        process.hear(1);
        if (performance.now() - since > PARKING_MS) process.fail('a CPU of QEMU does not come back');
      }
    }
    monitor.leaveRoots(); // which are in the memory that is wiped
    for (const { u8 } of ram.regions) u8.fill(0);
    for (const mailbox of monitor.mailboxes) {
      mailbox.words[MAILBOX.KICK / 4] = 0;
      mailbox.dropFp();
      mailbox.flush();
      monitor.workOff(mailbox);
      for (const { base, length } of ram.regions) mailbox.sync(base, length);
      monitor.workOff(mailbox);
    }
  }

  dispose(): void {
    this.process.dispose();
    this.ram.dispose();
  }

  /** riscv64: QEMU leaves its own device tree in RAM and says where. */
  private wipeTree(): void {
    const at = this.features;
    const region = at > this.isa.ramBase ? this.ram.find(at) : -1;
    if (region < 0) return;
    const { u8, base } = this.ram.regions[region];
    const size = new DataView(u8.buffer, u8.byteOffset + at - base).getUint32(4);
    u8.fill(0, at - base, at - base + size);
  }
}

function startQemu(settings: Settings, isa: QemuIsa, ram: GuestRam): QemuProcess {
  const bytes = ram.totalBytes;
  const args = [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', ...isa.args(settings)],
    ...['-smp', String(settings.cpus), '-m', `size=${bytes}B`],
    ...['-object', `memory-backend-file,id=ram,size=${bytes}B,mem-path=${RAM_PATH},share=on`],
    ...['-chardev', `socket,id=bell,fd=${SOCKET_FD}`, '-serial', 'chardev:bell'],
    ...(isa.firmware === undefined ? [] : ['-bios', FIRMWARE_PATH]),
  ];
  const { qemu, hangMs } = settings;
  const calls = libc();
  const firmware = isa.firmware === undefined ? -1 : calls.memfdCreate('veridian-firmware');
  if (isa.firmware !== undefined && firmware < 0) throw new Error(`memfd_create failed with errno ${-firmware}`);
  try {
    if (isa.firmware !== undefined) calls.write(firmware, isa.firmware());
    return new QemuProcess(calls, { executable: qemu, args, ram: ram.fd, firmware, hangMs });
  } finally {
    if (firmware >= 0) calls.close(firmware);
  }
}

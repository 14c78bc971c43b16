/**
 * Page-table edits: exchanged in shared memory by the host, after which every CPU forgets all translations: a parked one
 * before it runs next, a running one at once. QEMU's CPUs walk the tables with atomic exchanges of their own.
 */
import type { Asid, Frame, MmuEdits, MmuPort } from '@veridian-os/abi';
import { panic } from '@veridian-os/abi';
import type { GuestRam } from './guest-ram.js';
import type { HostMonitor } from './host-monitor.js';

/** Bit 0 of an entry that the CPU may have cached, in all three formats. */
const PRESENT = 1;
const PAGE = 4096;
const { exchange } = Atomics;
const LOW = 0xffffffffn;

export class QemuMmu implements MmuPort {
  private readonly monitor: HostMonitor;
  private readonly ram: GuestRam;
  private readonly monitorInRoots: boolean;

  /** @param monitorInRoots the monitor is mapped by the root tables of user programs alone: x86_64 */
  constructor(monitor: HostMonitor, ram: GuestRam, monitorInRoots: boolean) {
    this.monitor = monitor;
    this.ram = ram;
    this.monitorInRoots = monitorInRoots;
  }

  /** @throws KernelPanic `machine-qemu/mmu` when an entry is not in RAM or not aligned */
  apply(edits: MmuEdits): void {
    const alone = this.monitor.isQuiet;
    let present = false;
    for (let i = 0; i < edits.count; i++) {
      const at = edits.entry[i];
      const region = at % 8 === 0 ? this.ram.find(at) : -1;
      if (region < 0) panic('machine-qemu/mmu', `page-table entry at ${at}`);
      if (alone) this.exchangeAlone(edits, i, region);
      else this.exchangeAtomically(edits, i, region);
      if ((edits.oldLo[i] & PRESENT) !== 0) present = true;
    }
    if (present) this.flush();
  }

  flushAddressSpace(_asid: Asid): void {
    this.flush();
  }

  /** The table may be the root that a parked CPU still has: what it holds next would no longer map the monitor. */
  retireTable(_table: Frame): void {
    if (this.monitorInRoots) this.monitor.leaveRoots();
  }

  syncCode(first: Frame, frames: number): void {
    for (const mailbox of this.monitor.mailboxes) {
      if (mailbox.sync(first * PAGE, frames * PAGE)) continue;
      this.monitor.workOff(mailbox);
      mailbox.sync(first * PAGE, frames * PAGE);
    }
    this.monitor.shootDown();
  }

  private flush(): void {
    for (const mailbox of this.monitor.mailboxes) mailbox.flush();
    this.monitor.shootDown();
  }

  private exchangeAlone(edits: MmuEdits, i: number, region: number): void {
    const { u32, base } = this.ram.regions[region];
    const word = (edits.entry[i] - base) / 4;
    edits.oldLo[i] = u32[word];
    edits.oldHi[i] = u32[word + 1];
    u32[word] = edits.valueLo[i];
    u32[word + 1] = edits.valueHi[i];
  }

  private exchangeAtomically(edits: MmuEdits, i: number, region: number): void {
    const value = (BigInt(edits.valueHi[i]) << 32n) | BigInt(edits.valueLo[i]);
    const at = (edits.entry[i] - this.ram.regions[region].base) / 8;
    const old = exchange(this.ram.entries(region), at, value);
    edits.oldLo[i] = Number(old & LOW);
    edits.oldHi[i] = Number(old >> 32n);
  }
}

/**
 * Which accelerator QEMU gets: KVM where a machine starts with it, else its own translator.
 *
 * Only starting one tells, and that costs as much as a machine. So it is not tried where it cannot succeed: for the ISA of
 * another host, without access to the device, and on x86 processors that say that they cannot run guests; kinds of KVM
 * that do without (ring 0 is interpreted there) lack what QEMU asks of them.
 */
import type { Isa } from '@veridian-os/hal';
import { Engine } from './engine.js';
import { hostArchitecture, nodeFs } from './node.js';
import type { Settings, Wanted } from './options.js';

const HOSTS: Readonly<Record<string, Isa | undefined>> = { x64: 'x86_64', arm64: 'aarch64', riscv64: 'riscv64' };
const DEVICE = '/dev/kvm';
const READ_WRITE = 6;
const X86_GUESTS = /^flags\s*:.*\b(vmx|svm)\b/m;

/** ISAs for which KVM refused in this process: it will again. */
const refused = new Set<string>();

/** Whether KVM may run guests of an ISA here. */
export function isPromising(isa: Isa): boolean {
  if (HOSTS[hostArchitecture()] !== isa) return false;
  const fs = nodeFs();
  try {
    fs.accessSync(DEVICE, READ_WRITE);
    return isa !== 'x86_64' || X86_GUESTS.test(fs.readFileSync('/proc/cpuinfo', 'latin1'));
  } catch {
    return false;
  }
}

/** @throws as `Engine.start` */
export function startEngine(wanted: Wanted, mayWork = isPromising): Engine {
  const { accelerator, isa, qemu } = wanted;
  if (accelerator !== 'auto') return Engine.start({ ...wanted, accelerator });
  const key = `${qemu} ${isa}`;
  if (!refused.has(key) && mayWork(isa)) {
    const settings: Settings = { ...wanted, accelerator: 'kvm' };
    try {
      return Engine.start(settings);
    } catch (error) {
      if (error instanceof RangeError) throw error;
      refused.add(key);
    }
  }
  return Engine.start({ ...wanted, accelerator: 'tcg' });
}

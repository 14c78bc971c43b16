/**
 * What the probe's child process does: boots a virtual machine far enough to run one SYSCALL in ring 3, and prints how it
 * came back. A host whose KVM hangs hangs this process, which its parent then kills.
 *
 * The function travels as text: it refers to nothing but its arguments.
 */

/** Bytes are base64. */
export interface ProbeInput {
  /** Path of koffi's module. */
  readonly koffi: string;
  readonly memories: readonly { readonly base: number; readonly bytes: string }[];
  /** `struct kvm_regs`, `struct kvm_sregs`, `struct kvm_msrs`. */
  readonly registers: string;
  readonly special: string;
  readonly msrs: string;
}

export interface ProbeOutput {
  /** One sentence, or how KVM_RUN came back. */
  readonly problem?: string;
  readonly reason?: number;
  readonly port?: number;
}

type CFunction = (...values: unknown[]) => number;
interface Modules {
  load(path: null): { func(name: string, result: string, parameters: string[]): CFunction };
  view(address: number, length: number): ArrayBuffer;
  errno(): number;
}
interface NodeBuffer {
  from(text: string, encoding: 'base64'): Uint8Array;
}

export function probeChild(input: ProbeInput, load: (path: string) => unknown, buffer: NodeBuffer): ProbeOutput {
  const koffi = load(input.koffi) as Modules;
  const library = koffi.load(null);
  const open = library.func('open', 'int', ['str', 'int']);
  const ioctl = library.func('ioctl', 'int', ['int', 'ulong', 'uintptr_t']);
  const ioctlBytes = library.func('ioctl', 'int', ['int', 'ulong', 'void *']);
  const mmap = library.func('mmap', 'intptr_t', ['uintptr_t', 'size_t', 'int', 'int', 'int', 'int64_t']);
  const bytesOf = (text: string): Uint8Array => Uint8Array.from(buffer.from(text, 'base64'));

  const device = open('/dev/kvm', 2);
  if (device < 0) return { problem: `/dev/kvm cannot be opened: errno ${koffi.errno()}.` };
  const version = ioctl(device, 0xae00, 0);
  if (version !== 12) return { problem: `/dev/kvm speaks version ${version} of KVM.` };
  if ((ioctl(device, 0xae03, 74) & 3) !== 3)
    return { problem: 'This KVM does not share registers (KVM_CAP_SYNC_REGS).' };
  let vm = ioctl(device, 0xae01, 0);
  while (vm < 0 && koffi.errno() === 4) vm = ioctl(device, 0xae01, 0); // a signal came in between
  if (vm < 0) return { problem: `/dev/kvm makes no virtual machine: errno ${koffi.errno()}.` };
  for (const [slot, { base, bytes }] of input.memories.entries()) {
    const image = bytesOf(bytes);
    const address = mmap(0, image.length, 3, 0x22, -1, 0);
    new Uint8Array(koffi.view(address, image.length)).set(image);
    const region = new BigUint64Array([BigInt(slot), BigInt(base), BigInt(image.length), BigInt(address)]);
    if (ioctlBytes(vm, 0x4020ae46, new Uint8Array(region.buffer)) < 0) return { problem: 'KVM takes no memory.' };
  }
  const vcpu = ioctl(vm, 0xae41, 0);
  if (vcpu < 0) return { problem: `KVM makes no processor: errno ${koffi.errno()}.` };
  const cpuid = new Uint8Array(8 + 256 * 40);
  new Uint32Array(cpuid.buffer)[0] = 256;
  ioctlBytes(device, 0xc008ae05, cpuid);
  ioctlBytes(vcpu, 0x4008ae90, cpuid);
  ioctlBytes(vcpu, 0x4008ae89, bytesOf(input.msrs));
  const length = ioctl(device, 0xae04, 0);
  const run = new Uint8Array(koffi.view(mmap(0, length, 3, 1, vcpu, 0), length));
  run[288] = 3;
  run[1] = 1;
  ioctl(vcpu, 0xae80, 0);
  run[1] = 0;
  run.set(bytesOf(input.registers), 304);
  run.set(bytesOf(input.special), 448);
  run[296] = 3;
  if (ioctl(vcpu, 0xae80, 0) < 0) return { problem: `KVM does not run: errno ${koffi.errno()}.` };
  return { reason: run[8], port: run[34] | (run[35] << 8) };
}

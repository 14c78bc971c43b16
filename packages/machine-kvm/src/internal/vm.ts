/** The host's side of one machine: /dev/kvm, the virtual machine, its memory slots. Released together. */
import { PAGE_SIZE, panic } from '@veridian-os/abi';
import type { Libc } from '@veridian-os/libc';
import { MappedMemory, O_RDWR } from '@veridian-os/libc';
import {
  API_VERSION,
  CAP_EXIT_ON_EMULATION_FAILURE,
  CAP_SYNC_REGS,
  ENABLE_CAP_BYTES,
  KVM,
  SYNC_REGS,
  SYNC_SREGS,
  VCPU_TSC_CTRL,
  VCPU_TSC_OFFSET,
} from './kvm-abi.js';

const DEVICE = '/dev/kvm';
const CPUID_ENTRIES = 256;
/** `struct kvm_cpuid_entry2`: function, index, flags, eax, ebx, ecx, edx, and three words of nothing. */
const ENTRY_WORDS = 10;
const CPUID_BYTES = 8 + CPUID_ENTRIES * ENTRY_WORDS * 4;
const EINTR = -4;
const E2BIG = -7;

/** Thrown where the host has no usable KVM: its message is one sentence. */
export class KvmUnavailable extends Error {
  override readonly name = 'KvmUnavailable';
}

/** @returns `result` @throws KernelPanic `cpu/host` when it is an error */
export function must(result: number, what: string): number {
  return result < 0 ? panic('cpu/host', `${what}: errno ${-result}`) : result;
}

/** `struct kvm_device_attr` for the offset that KVM adds to the host's counter. @param address of the value */
function counterOffset(address: number): Uint32Array {
  return Uint32Array.of(0, VCPU_TSC_CTRL, VCPU_TSC_OFFSET, 0, address >>> 0, Math.floor(address / 2 ** 32));
}

function openDevice(libc: Libc): number {
  const device = libc.open(DEVICE, O_RDWR);
  if (device < 0) throw new KvmUnavailable(`${DEVICE} cannot be opened: errno ${-device}.`);
  const version = libc.ioctl(device, KVM.GET_API_VERSION, 0);
  const synced = libc.ioctl(device, KVM.CHECK_EXTENSION, CAP_SYNC_REGS);
  if (version === API_VERSION && (synced & (SYNC_REGS | SYNC_SREGS)) === (SYNC_REGS | SYNC_SREGS)) return device;
  libc.close(device);
  throw new KvmUnavailable(`${DEVICE} speaks version ${version} of KVM or does not share registers.`);
}

/** Takes a while (new memory-management state), so that a signal to this process may interrupt it: then once more. */
function createVm(libc: Libc, device: number): number {
  let vm: number;
  do vm = libc.ioctl(device, KVM.CREATE_VM, 0);
  while (vm === EINTR);
  return vm;
}

export class KvmVm {
  readonly libc: Libc;
  /** Bytes of a vCPU's run page. */
  readonly runBytes: number;
  /** `struct kvm_cpuid2` of what the host supports. */
  readonly cpuid: Uint8Array;
  private readonly device: number;
  private readonly vm: number;
  private readonly memories: MappedMemory[] = [];
  private slots = 0;
  /** 64 bits of zeroes in this process's memory. */
  private readonly zero: MappedMemory;

  /** @throws KvmUnavailable */
  constructor(libc: Libc) {
    this.libc = libc;
    this.device = openDevice(libc);
    this.vm = createVm(libc, this.device);
    if (this.vm < 0) {
      libc.close(this.device);
      throw new KvmUnavailable(`${DEVICE} makes no virtual machine: errno ${-this.vm}.`);
    }
    try {
      this.runBytes = must(libc.ioctl(this.device, KVM.GET_VCPU_MMAP_SIZE, 0), 'KVM_GET_VCPU_MMAP_SIZE');
      this.cpuid = this.supportedCpuid();
      this.zero = MappedMemory.anonymous(libc, PAGE_SIZE);
      this.memories.push(this.zero);
    } catch (error) {
      this.close();
      throw error;
    }
    // What VMX keeps real-mode structures in, on processors that need it; elsewhere nothing.
    libc.ioctl(this.vm, KVM.SET_TSS_ADDR, 0xfffbd000);
    this.reportEmulationFailures();
  }

  /** Old kernels cannot: there an access outside memory by an instruction that KVM does not know is an invalid one. */
  private reportEmulationFailures(): void {
    const request = new DataView(new ArrayBuffer(ENABLE_CAP_BYTES));
    request.setUint32(0, CAP_EXIT_ON_EMULATION_FAILURE, true);
    request.setUint32(8, 1, true);
    this.libc.ioctlBytes(this.vm, KVM.ENABLE_CAP, new Uint8Array(request.buffer));
  }

  /** What programs see in CPUID leaf `leaf`; zeroes where it does not exist. */
  cpuidLeaf(leaf: number, subleaf: number): { readonly eax: number; readonly ebx: number } {
    const words = new Uint32Array(this.cpuid.buffer);
    for (let at = 2; at < 2 + words[0] * ENTRY_WORDS; at += ENTRY_WORDS) {
      if (words[at] === leaf && words[at + 1] === subleaf) return { eax: words[at + 3], ebx: words[at + 4] };
    }
    return { eax: 0, ebx: 0 };
  }

  private supportedCpuid(): Uint8Array {
    const bytes = new Uint8Array(CPUID_BYTES);
    new Uint32Array(bytes.buffer)[0] = CPUID_ENTRIES;
    const result = this.libc.ioctlBytes(this.device, KVM.GET_SUPPORTED_CPUID, bytes);
    if (result === E2BIG) panic('cpu/host', `KVM_GET_SUPPORTED_CPUID: more than ${CPUID_ENTRIES} entries`);
    must(result, 'KVM_GET_SUPPORTED_CPUID');
    return bytes;
  }

  /** New memory of the guest at physical address `base`. */
  addMemory(base: number, length: number): MappedMemory {
    const memory = MappedMemory.anonymous(this.libc, length);
    this.memories.push(memory);
    const region = new DataView(new ArrayBuffer(32));
    region.setUint32(0, this.slots++, true);
    for (const [at, value] of [base, length, memory.address].entries()) {
      region.setUint32(8 + at * 8, value >>> 0, true);
      region.setUint32(12 + at * 8, Math.floor(value / 2 ** 32), true);
    }
    must(
      this.libc.ioctlBytes(this.vm, KVM.SET_USER_MEMORY_REGION, new Uint8Array(region.buffer)),
      'KVM_SET_USER_MEMORY_REGION',
    );
    return memory;
  }

  /** @returns the descriptor of a new vCPU */
  createVcpu(id: number): number {
    return must(this.libc.ioctl(this.vm, KVM.CREATE_VCPU, id), 'KVM_CREATE_VCPU');
  }

  /**
   * Takes away the distance between a vCPU's time stamp counter and the host's. Old kernels cannot, and where ring 3 reads
   * the processor's own counter there is none: the first program looks.
   */
  shareCounter(vcpu: number): void {
    this.libc.ioctlBytes(vcpu, KVM.SET_DEVICE_ATTR, new Uint8Array(counterOffset(this.zero.address).buffer));
  }

  /** After the vCPUs are closed: closes the machine and frees its memory. */
  close(): void {
    this.libc.close(this.vm);
    this.libc.close(this.device);
    for (const memory of this.memories) memory.release();
  }
}

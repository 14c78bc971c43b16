/**
 * Numbers of Linux's KVM interface on x86-64: requests, exit reasons, offsets in the shared run page and in structures.
 * Source: Linux uapi, linux/kvm.h and asm/kvm.h; Documentation/virt/kvm/api.rst.
 */

export const API_VERSION = 12;

export const KVM = {
  GET_API_VERSION: 0xae00,
  CREATE_VM: 0xae01,
  CHECK_EXTENSION: 0xae03,
  GET_VCPU_MMAP_SIZE: 0xae04,
  GET_SUPPORTED_CPUID: 0xc008ae05,
  CREATE_VCPU: 0xae41,
  SET_USER_MEMORY_REGION: 0x4020ae46,
  SET_TSS_ADDR: 0xae47,
  RUN: 0xae80,
  SET_MSRS: 0x4008ae89,
  SET_SIGNAL_MASK: 0x4004ae8b,
  SET_CPUID2: 0x4008ae90,
  GET_VCPU_EVENTS: 0x8040ae9f,
  GET_XSAVE: 0x9000aea4,
  SET_XSAVE: 0x5000aea5,
  ENABLE_CAP: 0x4068aea3,
  GET_XCRS: 0x8188aea6,
  SET_XCRS: 0x4188aea7,
  SET_DEVICE_ATTR: 0x4018aee1,
} as const;

/** `KVM_CAP_SYNC_REGS`: general and special registers travel in the run page. */
export const CAP_SYNC_REGS = 74;
/** `KVM_CAP_EXIT_ON_EMULATION_FAILURE` (Linux 5.15): also of ring 3, which would else see an invalid instruction. */
export const CAP_EXIT_ON_EMULATION_FAILURE = 204;
/** Of `struct kvm_enable_cap`: cap, flags, args[4]. */
export const ENABLE_CAP_BYTES = 104;
export const SYNC_REGS = 1;
export const SYNC_SREGS = 2;

/** Group and attribute of a vCPU's time stamp counter (Documentation/virt/kvm/devices/vcpu.rst, section 4). */
export const VCPU_TSC_CTRL = 0;
export const VCPU_TSC_OFFSET = 0;

export const EXIT = {
  IO: 2,
  MMIO: 6,
  SHUTDOWN: 8,
  FAIL_ENTRY: 9,
  INTERRUPTED: 10,
  INTERNAL_ERROR: 17,
} as const;

/** Byte offsets in `struct kvm_run`. */
export const RUN = {
  IMMEDIATE_EXIT: 1,
  EXIT_REASON: 8,
  /** First field of the exit's own union. */
  EXIT: 32,
  IO_PORT: 34,
  MMIO_ADDRESS: 32,
  MMIO_DATA: 40,
  MMIO_LENGTH: 48,
  MMIO_IS_WRITE: 52,
  VALID_REGS: 288,
  DIRTY_REGS: 296,
  REGS: 304,
  SREGS: 448,
} as const;

/** Index of each register (64 bits each) in `struct kvm_regs`. */
export const REG = { RSP: 6, RIP: 16, RFLAGS: 17, COUNT: 18 } as const;

/** Byte offsets in `struct kvm_sregs`. A segment has 24 bytes, a descriptor table 16. */
export const SREG = {
  CS: 0,
  DS: 24,
  ES: 48,
  FS: 72,
  GS: 96,
  SS: 120,
  TR: 144,
  LDT: 168,
  GDT: 192,
  IDT: 208,
  CR0: 224,
  CR2: 232,
  CR3: 240,
  CR4: 248,
  CR8: 256,
  EFER: 264,
  APIC_BASE: 272,
  BYTES: 312,
} as const;

export const XSAVE_BYTES = 4096;
export const XCRS_BYTES = 392;
export const VCPU_EVENTS_BYTES = 64;

export const MSR = { STAR: 0xc0000081, LSTAR: 0xc0000082, CSTAR: 0xc0000083, SFMASK: 0xc0000084 } as const;

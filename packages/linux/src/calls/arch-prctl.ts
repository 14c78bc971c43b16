/** arch_prctl: segment bases and other settings of x86_64. Source: arch/x86/kernel/process_64.c. */
import { EINVAL, ENODEV, EPERM } from '@veridian-os/abi';
import { X86 } from '@veridian-os/hal';
import type { Call } from '../call.js';

const ARCH_SET_GS = 0x1001;
const ARCH_SET_FS = 0x1002;
const ARCH_GET_FS = 0x1003;
const ARCH_GET_GS = 0x1004;
const ARCH_GET_CPUID = 0x1011;
const ARCH_SET_CPUID = 0x1012;

/** arch_prctl(code, address) */
export function archPrctl(call: Call): number {
  switch (call.int(0)) {
    case ARCH_SET_GS:
      return setBase(call, X86.GS_BASE);
    case ARCH_SET_FS:
      return setBase(call, X86.FS_BASE);
    case ARCH_GET_FS:
      return getBase(call, X86.FS_BASE);
    case ARCH_GET_GS:
      return getBase(call, X86.GS_BASE);
    case ARCH_GET_CPUID:
      return 1; // CPUID does not fault
    case ARCH_SET_CPUID:
      return ENODEV;
    default:
      return EINVAL;
  }
}

function setBase(call: Call, register: number): number {
  if (call.address(1) >= call.linux.isa.userEnd) return EPERM;
  call.registers[register * 2] = call.low(1);
  call.registers[register * 2 + 1] = call.high(1);
  return 0;
}

function getBase(call: Call, register: number): number {
  call.view.setUint32(0, call.registers[register * 2], true);
  call.view.setUint32(4, call.registers[register * 2 + 1], true);
  return call.store(call.address(1), 8);
}

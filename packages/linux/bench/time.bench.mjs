/** clock_gettime(CLOCK_MONOTONIC) with the vDSO, beside the same as a system call, on the machines that have a counter. */
import { CodeBuffer, aarch64 as arm, to, x86_64 as x86 } from '@veridian-os/assembler';
import { buildElf } from '@veridian-os/elf/testing';
import { createKernel, writeFile } from '@veridian-os/kernel';
import { linux } from '@veridian-os/linux';
import { KvmMachine, probeKvmSync } from '@veridian-os/machine-kvm';
import { QemuMachine, probeQemu } from '@veridian-os/machine-qemu';
import { suite } from '../../../tools/bench.mjs';

const CODE = 0x10000;
const DATA = 0x100000;
/** Type of the vector's entry, and where clock_gettime is in both images. */
const AT_SYSINFO_EHDR = 33;
const FIRST_FUNCTION = 0x800;
const quick = process.argv.includes('--quick');

/** Finds the image behind arguments and environment, then calls or makes the call `count` times. */
function x86Program(count, withVdso) {
  const { RAX, RBX, RBP, RSP, EAX, EBX, EDI, ESI, mem64, r64, r32 } = x86;
  const back = (label) => to(label, (offset) => x86.jcc('ne', offset));
  const at = r64(12);
  const code = new CodeBuffer();
  code.emit(x86.mov(RBX, mem64(RSP)), x86.lea(at, x86.mem(RSP, 16, { index: RBX, scale: 8 })));
  code.label('environment').emit(x86.mov(RAX, mem64(at)), x86.add(at, 8), x86.test(RAX, RAX), back('environment'));
  code.label('vector').emit(x86.mov(RAX, mem64(at)), x86.mov(RBP, mem64(at, 8)), x86.add(at, 16));
  code.emit(x86.cmp(RAX, AT_SYSINFO_EHDR), back('vector'), x86.add(RBP, FIRST_FUNCTION), x86.mov(EBX, count));
  code.label('loop').emit(x86.mov(EDI, 1), x86.mov(ESI, DATA));
  code.emit(withVdso ? x86.call(RBP) : [x86.mov(EAX, 228), x86.syscall()], x86.dec(r32(3)), back('loop'));
  return code.emit(x86.mov(EAX, 231), x86.xor(EDI, EDI), x86.syscall()).finish();
}

function armProgram(count, withVdso) {
  const { X0, X1, X8, X19, X20, X21, SP, mem } = arm;
  const back = (label) => to(label, (offset) => arm.bCond('ne', offset));
  const code = new CodeBuffer();
  code.emit(arm.ldr(X0, mem(SP)), arm.add(X19, SP, 16), arm.add(X19, X19, X0, { lsl: 3 }));
  code.label('environment').emit(arm.ldr(X0, arm.post(X19, 8)), arm.cmp(X0, 0), back('environment'));
  code.label('vector').emit(arm.ldp(X0, X20, mem(X19)), arm.add(X19, X19, 16), arm.cmp(X0, AT_SYSINFO_EHDR));
  code.emit(back('vector'), arm.add(X20, X20, FIRST_FUNCTION));
  code.emit(arm.movz(X21, count & 0xffff), arm.movk(X21, count >>> 16, 16));
  code.label('loop').emit(arm.movz(X0, 1), arm.movz(X1, DATA >>> 16, 16));
  code.emit(withVdso ? arm.blr(X20) : [arm.movz(X8, 113), arm.svc(0)], arm.subs(X21, X21, 1), back('loop'));
  return code.emit(arm.movz(X8, 94), arm.movz(X0, 0), arm.svc(0)).finish();
}

/** Nanoseconds from the start of the program to its end. */
function time(create, machine, code) {
  const kernel = createKernel({ machine: create(), personalities: [linux()], verbose: false });
  try {
    const segments = [
      { virtualAddress: CODE, bytes: code, prot: 5 },
      { virtualAddress: DATA, bytes: new Uint8Array(0), memoryBytes: 4096, prot: 3 },
    ];
    writeFile(kernel, '/bin/bench', buildElf({ machine, entry: CODE, segments }), 0o755);
    const process = kernel.launch({ path: '/bin/bench', args: ['bench'], files: [] });
    const start = performance.now();
    while (process.end === undefined) kernel.step();
    if (process.end.kind !== 'exit') throw new Error(`ended by ${process.end.kind} ${process.end.value}`);
    return (performance.now() - start) * 1e6;
  } finally {
    kernel.shutdown();
  }
}

function perCall(create, isa, withVdso, count) {
  const program = isa === 'x86_64' ? x86Program : armProgram;
  const best = (times) => Math.min(...[1, 2, 3].map(() => time(create, isa, program(times, withVdso))));
  return Math.max(best(count) - best(count / 10), 0) / (count * 0.9);
}

const memoryBytes = 16 << 20;
const machines = [
  { name: 'kvm', isa: 'x86_64', found: probeKvmSync().available, create: () => KvmMachine.create({ memoryBytes }) },
  ...['x86_64', 'aarch64'].map((isa) => ({
    name: `qemu-${isa}`,
    isa,
    found: probeQemu(isa).ok,
    create: () => QemuMachine.create({ isa, memoryBytes }),
  })),
];

await suite(async ({ record }) => {
  for (const { name, isa, found, create } of machines) {
    if (!found) continue;
    record({
      case: `clock_gettime on ${name}`,
      oursNs: perCall(create, isa, true, quick ? 100_000 : 2_000_000),
      peer: 'as a system call',
      peerNs: perCall(create, isa, false, quick ? 1000 : 10_000),
    });
  }
});

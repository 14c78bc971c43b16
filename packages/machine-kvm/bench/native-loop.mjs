/**
 * The same trap by the same ioctls from C: what the host's kernel costs, beside which the machine is measured. The C
 * function drives the machine's own vCPU, found among the process's descriptors and mappings.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { koffiPath } from '@veridian-os/libc';

const SOURCE = `
#define _GNU_SOURCE
#include <linux/kvm.h>
#include <signal.h>
#include <sys/ioctl.h>
/* Resumes a program that only makes system calls, n times. @returns calls that came back as such */
int loop(int vcpu, struct kvm_run *run, unsigned long rsp, int n)
{
	struct kvm_segment code = { .limit = -1, .selector = 0x33, .type = 11, .present = 1, .dpl = 3, .s = 1, .l = 1, .g = 1 };
	struct kvm_segment data = { .limit = -1, .selector = 0x2b, .type = 3, .present = 1, .dpl = 3, .db = 1, .s = 1, .g = 1 };
	int back = 0;
	for (int i = 0; i < n; i++) {
		struct kvm_regs *regs = &run->s.regs.regs;
		struct kvm_sregs *sregs = &run->s.regs.sregs;
		regs->rip = regs->rcx;
		regs->rflags = regs->r11;
		regs->rsp = rsp;
		sregs->cs = code;
		sregs->ss = data;
		run->kvm_dirty_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
		while (ioctl(vcpu, KVM_RUN, 0) < 0) { /* the machine's timer */
			sigset_t all;
			struct timespec now = { 0, 0 };
			sigfillset(&all);
			sigtimedwait(&all, 0, &now);
			run->kvm_dirty_regs = 0;
		}
		if (run->exit_reason == KVM_EXIT_IO) back += run->io.port == 14 || run->io.port == 0x80;
	}
	return back;
}
`;

/** Compiles the loop. @returns undefined without a compiler */
function compile() {
  const folder = mkdtempSync(join(tmpdir(), 'veridian-bench-'));
  try {
    writeFileSync(join(folder, 'loop.c'), SOURCE);
    const { status } = spawnSync('cc', ['-O2', '-shared', '-fPIC', '-o', 'loop.so', 'loop.c'], { cwd: folder });
    if (status !== 0) return undefined;
    const koffi = createRequire(import.meta.url)(koffiPath());
    return koffi.load(join(folder, 'loop.so')).func('loop', 'int', ['int', 'uintptr_t', 'ulong', 'int']);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const descriptorOf = (name) =>
  Number(
    readdirSync('/proc/self/fd').find((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === name;
      } catch {
        return false; // the descriptor that lists them
      }
    }),
  );

/** @returns a function that makes `n` system calls on vCPU 0 from C, or undefined without a compiler */
export function nativeLoop(rsp) {
  const loop = compile();
  if (loop === undefined) return undefined;
  const vcpu = descriptorOf('anon_inode:kvm-vcpu:0');
  const mapping = readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .find((line) => line.endsWith('anon_inode:kvm-vcpu:0'));
  const page = parseInt(mapping, 16);
  return (n) => {
    const back = loop(vcpu, page, rsp, n);
    if (back !== n) throw new Error(`native loop: ${back} of ${n} system calls came back`);
  };
}

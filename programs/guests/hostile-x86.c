/*
 * What a program of x86_64 can do to the kernel under it: odd flags, addresses that are none, privileged instructions, other
 * segments, made-up signal frames. Each in a child of its own; the parent says how it ended. Left out is what processors that
 * are no real ones do differently: INT n (a nested KVM: undefined) and a push where no address is (TCG: general protection).
 */
#include "check.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>

#define WILD 0x8000000000000000

static char area[65536] __attribute__((aligned(64)));
static void nothing(int signal) { (void)signal; }

static void flags(uint64_t set) {
  asm volatile("pushfq\n orq %0, (%%rsp)\n popfq\n nop\n nop" : : "r"(set) : "cc", "memory");
  syscall(SYS_getpid);
}
static void trap_flag(void) { flags(0x100); }
static void nested_flag(void) { flags(0x4000); }
static void direction_flag(void) { flags(0x400); }
static void resume_flag(void) { flags(0x10000); }

static void handle_at(uint64_t address) {
  struct sigaction action = {.sa_handler = (void (*)(int))address};
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
}
static void wild_handler(void) { handle_at(WILD); }
static void kernel_handler(void) { handle_at(0xffffffff81000000); }
static void no_restorer(void) {
  struct { void (*handler)(int); uint64_t flags; void *restorer; uint64_t mask; } action = {nothing, 0, NULL, 0};
  syscall(SYS_rt_sigaction, SIGUSR1, &action, NULL, 8);
  raise(SIGUSR1);
}
static void wild_restorer(void) {
  struct { void (*handler)(int); uint64_t flags; uint64_t restorer, mask; } action = {nothing, 0x04000000, WILD, 0};
  syscall(SYS_rt_sigaction, SIGUSR1, &action, NULL, 8);
  raise(SIGUSR1);
}

static void signal_on(uint64_t stack) {
  signal(SIGUSR1, nothing);
  asm volatile("mov %0, %%rsp\n syscall\n ud2" : : "r"(stack), "a"(SYS_kill), "D"(getpid()), "S"(SIGUSR1) : "memory");
}
static void signal_on_nothing(void) { signal_on(0); }
static void signal_on_wild(void) { signal_on(WILD); }
static void signal_on_kernel(void) { signal_on(0xffff888000100000); }
static void call_on_wild(void) {
  asm volatile("mov %0, %%rsp\n syscall\n" : : "r"(WILD), "a"(SYS_exit), "D"(7) : "memory");
}

/* rt_sigreturn from a frame of our own, which is what a handler would have left. */
static void give_back(void (*change)(ucontext_t *)) {
  char *frame = area + 32768;
  ucontext_t *context = (ucontext_t *)(frame + 8);
  context->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)nothing;
  context->uc_mcontext.gregs[REG_RSP] = (greg_t)(uintptr_t)(area + 16384);
  context->uc_mcontext.gregs[REG_EFL] = 0x202;
  context->uc_mcontext.gregs[REG_CSGSFS] = 0x002b000000000033;
  context->uc_flags = 4;
  change(context);
  asm volatile("mov %0, %%rsp\n syscall\n" : : "r"(frame + 8), "a"(SYS_rt_sigreturn) : "memory");
}
static void to_wild(ucontext_t *context) { context->uc_mcontext.gregs[REG_RIP] = (greg_t)WILD; }
static void to_kernel(ucontext_t *context) { context->uc_mcontext.gregs[REG_RIP] = (greg_t)0xffffffff81000000; }
static void to_last(ucontext_t *context) { context->uc_mcontext.gregs[REG_RIP] = 0x7fffffffffff; }
static void to_kernel_code(ucontext_t *context) { context->uc_mcontext.gregs[REG_CSGSFS] = 0x0018000000000010; }
static void to_kernel_stack(ucontext_t *context) { context->uc_mcontext.gregs[REG_CSGSFS] = 0x0018000000000033; }
static void to_privilege(ucontext_t *context) { context->uc_mcontext.gregs[REG_EFL] = (greg_t)0xffffffffffffffff & ~0x100; }
static void to_wild_floats(ucontext_t *context) { context->uc_mcontext.fpregs = (void *)WILD; }
static void to_bad_floats(ucontext_t *context) {
  memset(area, 0xff, 4096);
  context->uc_mcontext.fpregs = (void *)area;
}
static void to_no_floats(ucontext_t *context) { context->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)_exit; }
static void return_wild(void) { give_back(to_wild); }
static void return_kernel(void) { give_back(to_kernel); }
static void return_last(void) { give_back(to_last); }
static void return_kernel_code(void) { give_back(to_kernel_code); }
static void return_kernel_stack(void) { give_back(to_kernel_stack); }
static void return_privilege(void) { give_back(to_privilege); }
static void return_wild_floats(void) { give_back(to_wild_floats); }
static void return_bad_floats(void) { give_back(to_bad_floats); }
static void return_no_floats(void) { give_back(to_no_floats); }

#define INSTRUCTION(name, text)                                                                                        \
  static void name(void) { asm volatile(text); }
INSTRUCTION(halt, "hlt")
INSTRUCTION(port, "in $0x60, %al")
INSTRUCTION(read_control, "mov %cr3, %rax")
INSTRUCTION(write_control, "mov %rax, %cr3")
INSTRUCTION(model_register, "mov $0xc0000100, %ecx\n rdmsr")
INSTRUCTION(swap, "swapgs")
INSTRUCTION(interrupts, "cli")
INSTRUCTION(invalidate, "invlpg (%rsp)")
INSTRUCTION(descriptor, "lgdt (%rsp)")
INSTRUCTION(return_far, "push $0x10\n lea 1f(%rip), %rax\n push %rax\n lretq\n1:")
INSTRUCTION(interrupt_return, "push $0x18\n push %rsp\n pushfq\n push $0x10\n lea 1f(%rip), %rax\n push %rax\n iretq\n1:")
INSTRUCTION(kernel_data, "mov $0x18, %eax\n mov %eax, %ss")
INSTRUCTION(wild_jump, "movabs $0x8000000000000000, %rax\n jmp *%rax")
INSTRUCTION(wild_return, "movabs $0x8000000000000000, %rax\n push %rax\n ret")

static void last_page(void) {
  char *page = mmap((void *)0x7ffffffff000, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (page == MAP_FAILED) _exit(errno == ENOMEM ? 11 : 12);
  memcpy(page + 4094, "\x0f\x05", 2); /* a call whose return address is none */
  asm volatile("jmp *%0" : : "r"(page + 4094), "a"(SYS_getpid));
}
static void wild_base(void) { _exit(syscall(SYS_arch_prctl, 0x1001, WILD) == -1 && errno == EPERM ? 13 : 14); }

static const struct { const char *name; void (*run)(void); } ways[] = {
#define WAY(name) {#name, name}
    WAY(trap_flag), WAY(nested_flag), WAY(direction_flag), WAY(resume_flag), WAY(wild_handler), WAY(kernel_handler),
    WAY(no_restorer), WAY(wild_restorer), WAY(signal_on_nothing), WAY(signal_on_wild),
    WAY(signal_on_kernel), WAY(call_on_wild), WAY(return_wild), WAY(return_kernel), WAY(return_last),
    WAY(return_kernel_code), WAY(return_kernel_stack), WAY(return_privilege), WAY(return_wild_floats),
    WAY(return_bad_floats), WAY(return_no_floats), WAY(halt), WAY(port), WAY(read_control), WAY(write_control),
    WAY(model_register), WAY(swap), WAY(interrupts), WAY(invalidate), WAY(descriptor), 
    WAY(return_far), WAY(interrupt_return), WAY(kernel_data), WAY(wild_jump), WAY(wild_return), WAY(last_page),
    WAY(wild_base),
};

int main(void) {
  for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
      ways[i].run();
      _exit(0);
    }
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) printf("%s: signal %d\n", ways[i].name, WTERMSIG(status));
    else printf("%s: exit %d\n", ways[i].name, WEXITSTATUS(status));
  }
  return 0;
}

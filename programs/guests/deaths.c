/* Each way of dying by one's own fault, chosen by the argument. The parent must see exactly the named signal. */
#include "check.h"
#include <signal.h>
#include <sys/mman.h>

static const int constant[] = {1, 2, 3};

__attribute__((noinline)) static long deeper(long n) {
  volatile char room[4096];
  room[0] = (char)n;
  return n > 1L << 40 ? 0 : deeper(n + 1) + room[0];
}

__attribute__((noinline)) static int peek(uintptr_t address) { return *(volatile int *)address; }
__attribute__((noinline)) static void poke(uintptr_t address) { *(volatile int *)address = 1; }
static void jump(uintptr_t address) { ((void (*)(void))address)(); }

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "";
  printf("dying by %s\n", how);
  if (!strcmp(how, "null-write")) poke(0);
  else if (!strcmp(how, "null-read")) return peek(8);
  else if (!strcmp(how, "constant-write")) poke((uintptr_t)constant);
  else if (!strcmp(how, "wild-read")) return peek(0x7fff12345678);
  else if (!strcmp(how, "kernel-read")) return peek(0xffffffff80000000);
  else if (!strcmp(how, "huge-address")) return peek(0x8000000000000000);
  else if (!strcmp(how, "wild-jump")) jump(0x123456780);
  else if (!strcmp(how, "null-jump")) jump(0);
  else if (!strcmp(how, "data-jump")) jump((uintptr_t)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  else if (!strcmp(how, "stack-overflow")) return (int)deeper(0);
  else if (!strcmp(how, "abort")) abort();
  else if (!strcmp(how, "illegal")) {
#ifdef __riscv
    asm volatile(".word 0xffffffff");
#elif defined __aarch64__
    asm volatile("udf 0");
#else
    __builtin_trap();
#endif
  } else if (!strcmp(how, "breakpoint")) {
#ifdef __riscv
    asm volatile("ebreak");
#elif defined __aarch64__
    asm volatile("brk 0");
#else
    asm volatile("int3");
#endif
  } else if (!strcmp(how, "blocked-fault")) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL); /* a fault kills even when its signal is blocked */
    poke(0);
  } else if (!strcmp(how, "ignored-fault")) {
    signal(SIGSEGV, SIG_IGN);
    poke(0);
  } else if (!strcmp(how, "handler-fault")) {
    signal(SIGSEGV, (void (*)(int))16); /* the handler itself is nowhere */
    poke(0);
  } else if (!strcmp(how, "kill")) kill(getpid(), SIGKILL);
  else if (!strcmp(how, "pipe")) {
    int ends[2];
    if (pipe(ends) == 0 && close(ends[0]) == 0) return write(ends[1], "x", 1) == 1;
  } else if (!strcmp(how, "alarm")) {
    alarm(1);
    for (;;) pause();
  }
  return 99;
}

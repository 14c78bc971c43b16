/* Faults repaired by their handler: address and code are right, the instruction runs again and succeeds. */
#include "check.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

enum { PAGES = 8, PAGE = 4096 };
static volatile char *area, *volatile fault_address;
static volatile int faults, code, number;
static sigjmp_buf back;

static void repair(int signal, siginfo_t *info, void *context) {
  (void)context;
  number = signal;
  fault_address = info->si_addr;
  code = info->si_code;
  if (faults++ > 100) _exit(3);
  uintptr_t page = (uintptr_t)info->si_addr & -PAGE;
  if (code == SEGV_ACCERR) mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE);
  else mmap((void *)page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void leave(int signal, siginfo_t *info, void *context) {
  repair(signal, info, context);
  siglongjmp(back, 1);
}

static void install(int signal, void (*handler)(int, siginfo_t *, void *)) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
  sigaction(signal, &action, NULL);
}

int main(void) {
  install(SIGSEGV, repair);
  area = mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < PAGES; i++) area[i * PAGE + 10 * i] = (char)(i + 1);
  SHOW(faults);
  SHOW(fault_address - area);
  CHECK(code == SEGV_ACCERR && number == SIGSEGV);
  mprotect((void *)area, PAGE, PROT_READ);
  CHECK(area[0] == 1 && faults == PAGES);
  area[5] = 50;
  CHECK(faults == PAGES + 1 && area[5] == 50 && fault_address == area + 5);
  munmap((void *)(area + PAGE), PAGE);
  CHECK(area[PAGE + 10] == 0); /* mapped anew by the handler */
  CHECK(code == SEGV_MAPERR && fault_address == area + PAGE + 10);
  mprotect((void *)(area + 2 * PAGE), PAGE, PROT_NONE);
  uint64_t word = 0x0102030405060708;
  memcpy((char *)area + 2 * PAGE - 3, &word, 8); /* straddles two pages */
  CHECK(memcmp((char *)area + 2 * PAGE - 3, &word, 8) == 0);
  CHECK(fault_address >= area + 2 * PAGE && fault_address < area + 2 * PAGE + 5);
  /* Past the end of a file: SIGBUS. */
  install(SIGBUS, leave);
  int fd = open("short", O_RDWR | O_CREAT, 0600);
  CHECK(ftruncate(fd, 100) == 0);
  volatile char *file = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  file[200] = 1; /* the rest of the last page is there */
  if (sigsetjmp(back, 1) == 0) {
    file[PAGE + 1] = 1;
    puts("no fault");
  }
  CHECK(number == SIGBUS && code == BUS_ADRERR && fault_address == file + PAGE + 1);
  return check_end();
}

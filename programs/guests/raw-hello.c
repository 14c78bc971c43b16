/* No C library, no stack use to speak of: write and exit_group. The first program for a new kernel. */
#include "raw.h"

__attribute__((used)) static void start(void) {
  static const char text[] = "hello from user mode\n";
  call3(WRITE, 1, (long)text, sizeof text - 1);
  call3(EXIT, 42, 0, 0);
  __builtin_unreachable();
}

ENTRY(start);

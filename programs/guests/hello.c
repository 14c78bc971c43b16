/* The smallest C program with a C library: start-up, printf, exit status through atexit. */
#include "check.h"

static void goodbye(void) { puts("goodbye"); }

int main(int argc, char **argv) {
  atexit(goodbye);
  printf("hello, %d argument(s), first %s\n", argc, argc > 1 ? argv[1] : "none");
  fputs("to standard error\n", stderr);
  return 3;
}

/* A small stack machine running a sieve: an indirect jump for each of its instructions. */
#include "check.h"

enum { PUSH, LOAD, STORE, FETCH, PUT, ADD, LESS, JUMP, JUMP_ZERO, PRINT, HALT };
enum { LIMIT = 20000 };
static long stack[16], variables[4], memory[LIMIT + 1];

/* i = 2; while (i < LIMIT) { if (memory[i] == 0) { count++; j = i + i; while (j < LIMIT) { memory[j] = 1; j += i; } } i++; } */
static const int program[] = {
    PUSH, 2,    STORE, 0,                                     /* 0  */
    LOAD, 0,    PUSH, LIMIT, LESS, JUMP_ZERO, 52,             /* 4  */
    LOAD, 0,    FETCH, JUMP_ZERO, 18, JUMP, 43,               /* 11 */
    LOAD, 2,    PUSH, 1, ADD, STORE, 2,                       /* 18 */
    LOAD, 0,    LOAD, 0, ADD, STORE, 1,                       /* 25 */
    LOAD, 1,    PUSH, LIMIT, LESS, JUMP_ZERO, 43,             /* 32 */
    JUMP, 56,   HALT, HALT,                                   /* 39 */
    LOAD, 0,    PUSH, 1, ADD, STORE, 0, JUMP, 4,              /* 43 */
    LOAD, 2,    PRINT, HALT,                                  /* 52 */
    PUSH, 1,    LOAD, 1, PUT, LOAD, 1, LOAD, 0, ADD, STORE, 1, JUMP, 32, /* 56 */
};

static long run(void) {
  static void *const labels[] = {&&push, &&load, &&store, &&fetch, &&put, &&add, &&less, &&jump, &&jump_zero, &&print, &&halt};
  long executed = 0, *top = stack;
  const int *pc = program;
#define NEXT goto *labels[executed++, *pc++]
  NEXT;
push: *top++ = *pc++; NEXT;
load: *top++ = variables[*pc++]; NEXT;
store: variables[*pc++] = *--top; NEXT;
fetch: top[-1] = memory[top[-1]]; NEXT;
put: top -= 2; memory[top[1]] = top[0]; NEXT;
add: top--; top[-1] += top[0]; NEXT;
less: top--; top[-1] = top[-1] < top[0]; NEXT;
jump: pc = program + *pc; NEXT;
jump_zero: pc = *--top == 0 ? program + *pc : pc + 1; NEXT;
print: printf("primes %ld\n", *--top); NEXT;
halt: return executed;
}

int main(void) {
  long executed = run();
  SHOW(executed);
  return 0;
}

#include "bench.h"
/* A stack machine's loop over a switch, running a program of nested loops. */
enum { PUSH, LOAD, STORE, ADD, SUB, MUL, AND, LESS, JUMP, JUMP_IF, DUP, DROP, XOR, SHIFT, HALT };
static i64 run(const int *code, i64 *variables) {
  i64 stack[32], *sp = stack;
  for (const int *pc = code;;) {
    switch (*pc++) {
      case PUSH: *sp++ = *pc++; break;
      case LOAD: *sp++ = variables[*pc++]; break;
      case STORE: variables[*pc++] = *--sp; break;
      case ADD: sp--, sp[-1] += *sp; break;
      case SUB: sp--, sp[-1] -= *sp; break;
      case MUL: sp--, sp[-1] *= *sp; break;
      case AND: sp--, sp[-1] &= *sp; break;
      case XOR: sp--, sp[-1] ^= *sp; break;
      case SHIFT: sp--, sp[-1] = (u64)sp[-1] >> *sp; break;
      case LESS: sp--, sp[-1] = sp[-1] < *sp; break;
      case JUMP: pc = code + *pc; break;
      case JUMP_IF: pc = *--sp ? code + *pc : pc + 1; break;
      case DUP: *sp = sp[-1], sp++; break;
      case DROP: sp--; break;
      case HALT: return variables[2];
    }
  }
}
int bench(void) {
  static const int code[] = {
    PUSH, 0, STORE, 0, /* 4: */ PUSH, 0, STORE, 1, /* 8: */ LOAD, 2, LOAD, 0, LOAD, 1, MUL, ADD, PUSH, 7, XOR, DUP, PUSH, 3,
    SHIFT, XOR, PUSH, 0xffffff, AND, STORE, 2, LOAD, 1, PUSH, 1, ADD, DUP, STORE, 1, PUSH, 100, LESS, JUMP_IF, 8,
    LOAD, 0, PUSH, 1, ADD, DUP, STORE, 0, PUSH, 1000, LESS, JUMP_IF, 4, HALT,
  };
  i64 result = 0;
  for (int round = 0; round < ROUNDS; round++) {
    i64 variables[4] = {0, 0, round, 0};
    result += run(code, variables);
  }
  return result == 0;
}

/* What only RISC-V defines: division by zero and overflow, mulhsu, lr/sc and every AMO, misaligned access. */
#include "check.h"

#define BINARY(name) {#name, name##_run}
#define RUN(name)                                                                                                      \
  static uint64_t name##_run(uint64_t a, uint64_t b) {                                                                 \
    uint64_t result;                                                                                                   \
    asm volatile(#name " %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));                                                 \
    return result;                                                                                                     \
  }
RUN(div) RUN(divu) RUN(rem) RUN(remu) RUN(divw) RUN(divuw) RUN(remw) RUN(remuw) RUN(mulh) RUN(mulhu) RUN(mulhsu) RUN(mulw)
RUN(addw) RUN(subw) RUN(sllw) RUN(srlw) RUN(sraw) RUN(slt) RUN(sltu)

static const struct {
  const char *name;
  uint64_t (*run)(uint64_t, uint64_t);
} operations[] = {BINARY(div),  BINARY(divu),  BINARY(rem),    BINARY(remu), BINARY(divw), BINARY(divuw), BINARY(remw),
                  BINARY(remuw), BINARY(mulh), BINARY(mulhu),  BINARY(mulhsu), BINARY(mulw), BINARY(addw), BINARY(subw),
                  BINARY(sllw), BINARY(srlw),  BINARY(sraw),   BINARY(slt),  BINARY(sltu)};

static const uint64_t edges[] = {0, 1, 2, 31, 63, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff, 0x8000000000000000, ~0ull};
enum { EDGES = sizeof edges / sizeof *edges };

static uint64_t cell[2];
#define AMO(name)                                                                                                      \
  {                                                                                                                    \
    uint64_t old;                                                                                                      \
    cell[0] = 0x8000000012345678;                                                                                      \
    asm volatile(name " %0, %2, %1" : "=r"(old), "+A"(cell[0]) : "r"(operand));                                        \
    printf("%s %016llx %016llx\n", name, (unsigned long long)old, (unsigned long long)cell[0]);                        \
  }

static void atomics(uint64_t operand) {
  AMO("amoswap.w") AMO("amoadd.w") AMO("amoxor.w.aq") AMO("amoand.w.rl") AMO("amoor.w") AMO("amomin.w") AMO("amomax.w")
  AMO("amominu.w") AMO("amomaxu.w") AMO("amoswap.d") AMO("amoadd.d.aqrl") AMO("amoxor.d") AMO("amoand.d") AMO("amoor.d")
  AMO("amomin.d") AMO("amomax.d") AMO("amominu.d") AMO("amomaxu.d")
}

static void reservations(void) {
  uint64_t loaded, without, with, again;
  cell[0] = 77;
  asm volatile("sc.d %1, zero, (%4)\n lr.d %0, (%4)\n sc.d %2, %5, (%4)\n sc.d %3, zero, (%4)"
               : "=&r"(loaded), "=&r"(without), "=&r"(with), "=&r"(again)
               : "r"(cell), "r"(88ull)
               : "memory");
  printf("lr %llu sc without %d with %llu again %d cell %llu\n", (unsigned long long)loaded, without != 0,
         (unsigned long long)with, again != 0, (unsigned long long)cell[0]);
}

int main(void) {
  for (unsigned o = 0; o < sizeof operations / sizeof *operations; o++) {
    uint64_t hash = CHECK_SEED;
    for (unsigned i = 0; i < EDGES * EDGES; i++) hash = check_mix(hash, operations[o].run(edges[i % EDGES], edges[i / EDGES]));
    printf("%s %016llx 5/0 %llx min/-1 %llx\n", operations[o].name, (unsigned long long)hash,
           (unsigned long long)operations[o].run(5, 0), (unsigned long long)operations[o].run(edges[9], ~0ull));
  }
  atomics(0x00000000f2345679);
  atomics(~0ull);
  reservations();
  char bytes[24];
  uint64_t value = 0x1122334455667788, back;
  for (int offset = 0; offset < 8; offset++) {
    asm volatile("sd %1, 0(%2)\n ld %0, 0(%2)" : "=r"(back) : "r"(value + (uint64_t)offset), "r"(bytes + offset) : "memory");
    CHECK(back == value + (uint64_t)offset);
  }
  return check_end();
}

/*
 * Work that stays in user mode: `compute alu N` multiplies and adds, `compute memory N` sieves and hashes a mebibyte, N
 * rounds of some milliseconds. Prints the CPU time it took, in nanoseconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static unsigned char sieve[1 << 20];

static unsigned memory_round(unsigned hash)
{
	memset(sieve, 1, sizeof sieve);
	for (unsigned i = 2; i * i < sizeof sieve; i++)
		if (sieve[i])
			for (unsigned k = i * i; k < sizeof sieve; k += i) sieve[k] = 0;
	for (unsigned i = 0; i < sizeof sieve; i++) hash = (hash ^ (sieve[i] + i)) * 16777619u;
	return hash;
}

static unsigned alu_round(unsigned hash)
{
	for (unsigned i = 0; i < 3000000; i++) hash = (hash ^ i) * 16777619u;
	return hash;
}

int main(int argc, char **argv)
{
	struct timespec time;
	unsigned hash = memory_round(2166136261u);
	int rounds = argc > 2 ? atoi(argv[2]) : 0;
	for (int i = 0; i < rounds; i++) hash = argv[1][0] == 'a' ? alu_round(hash) : memory_round(hash);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	printf("%lld %u\n", time.tv_sec * 1000000000LL + time.tv_nsec, hash);
	return 0;
}

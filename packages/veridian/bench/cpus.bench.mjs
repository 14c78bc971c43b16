/**
 * What a second CPU brings to one program: two goroutines of programs/guests/go/go-threads.go that compute, with two
 * CPUs and GOMAXPROCS 2, and with one of both; on every machine that works here. Time on the host's clock between two lines that
 * the program prints, the least of some runs: other work on the host's cores shows as a worse ratio, never as a better one.
 */
import { readFileSync } from 'node:fs';
import { listMachines, run } from '@veridian-os/veridian';
import { locateGuest } from '../../../programs/locate.mjs';
import { suite } from '../../../tools/bench.mjs';

const QUICK = process.argv.includes('--quick');
const RUNS = QUICK ? 1 : 7;
const GUEST = 'go-threads';
/** Rounds of the program that take about a second on one CPU. */
const ROUNDS = { emulated: 4, kvm: 150, 'qemu-riscv64': 15, 'qemu-aarch64': 15, 'qemu-x86_64': 15 };
const MEMORY = 256 << 20;

/** Nanoseconds of one run. */
async function measure(program, machine, cpus) {
  const rounds = QUICK ? 1 : ROUNDS[machine];
  let text = '';
  let [begin, end] = [0, 0];
  const stdout = (bytes) => {
    const now = performance.now();
    text += Buffer.from(bytes).toString('latin1');
    if (text.startsWith('begin') && begin === 0) begin = now;
    if (text.includes('\nend ')) end = now;
  };
  const args = ['time', String(cpus), String(rounds)];
  const options = { machine, cpus, name: GUEST, args, env: {}, stdout, limits: { memory: MEMORY } };
  const { kind, status } = await run(program, options);
  if (kind !== 'exit' || status !== 0 || end === 0)
    throw new Error(`${GUEST} on ${machine}: ${kind} ${status}, ${text}`);
  return (end - begin) * 1e6;
}

await suite(async ({ record }) => {
  for (const { name, isa, available, reason } of await listMachines()) {
    const path = locateGuest(GUEST, isa);
    if (!available || path === undefined) {
      console.log(`${name}: not measured: ${reason ?? `${GUEST} is not built (tools/build-guests.mjs --isa ${isa})`}`);
      continue;
    }
    const program = readFileSync(path);
    let [one, two] = [Infinity, Infinity];
    for (let i = 0; i < RUNS; i++) {
      one = Math.min(one, await measure(program, name, 1));
      two = Math.min(two, await measure(program, name, 2));
    }
    record({ case: `Go on two CPUs, ${name}`, oursNs: two, peer: 'one CPU', peerNs: one });
  }
});

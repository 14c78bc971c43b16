import { libc, libcProblem } from '@veridian-os/libc';
import { suite } from '../../../tools/bench.mjs';

const CALLS = 1000;

await suite(async ({ bench }) => {
  const problem = libcProblem();
  if (problem !== undefined) return console.log(`not here: ${problem}`);
  const { ioctl, gettid } = libc();
  await bench({
    case: 'gettid',
    ours: () => {
      for (let i = 0; i < CALLS; i++) gettid();
    },
    peer: 'process.cpuUsage',
    peerFn: () => {
      for (let i = 0; i < CALLS; i++) process.cpuUsage();
    },
    opsPerCall: CALLS,
  });
  await bench({
    case: 'ioctl that fails',
    ours: () => {
      for (let i = 0; i < CALLS; i++) ioctl(-1, 0xae80, 0);
    },
    opsPerCall: CALLS,
  });
});

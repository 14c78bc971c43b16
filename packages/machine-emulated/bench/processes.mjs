/**
 * Measuring in processes of their own, ours and the peers': CPU time and peak memory of each are its own. Ours runs on this
 * Node and, for one table, on a second one: `--node PATH`, or VERIDIAN_BENCH_NODE.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { clearInterval, setInterval } from 'node:timers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const POLL_MS = 20;

const { values } = parseArgs({ options: { node: { type: 'string' } }, strict: false });
const second = values.node ?? process.env.VERIDIAN_BENCH_NODE;

/** The Nodes to measure: how their rows are told apart, and their executables. @throws Error where the second is none */
export function nodes() {
  const first = { suffix: '', path: process.execPath };
  if (second === undefined || second === '') return [first];
  const { stdout } = spawnSync(second, ['--version'], { encoding: 'utf8' });
  if (!/^v\d+\./.test(stdout ?? '')) throw new Error(`--node: expected an executable of Node, got '${second}'`);
  return [first, { suffix: `, Node ${stdout.trim().slice(1)}`, path: second }];
}

/** Runs a script of this folder with a Node; @returns what it printed, parsed. @throws Error when it fails */
export function runNode(path, script, args) {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const { status, stdout } = spawnSync(path, [file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`${script} ${args.join(' ')}: expected success, got exit status ${status}`);
  return JSON.parse(stdout);
}

/** Peak resident memory of a process so far, in bytes; 0 when it has gone. */
export function peakOf(pid) {
  try {
    const [, kibibytes = 0] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kibibytes) * 1024;
  } catch {
    return 0;
  }
}

/** CPU time of all threads of a process, ns. */
export function threadsTime(pid) {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.reduce(
    (sum, id) => sum + Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]),
    0,
  );
}

function toSeconds(text) {
  const [minutes, seconds] = text.replace('s', '').split('m');
  return Number(minutes) * 60 + Number(seconds);
}

function childOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  } catch {
    return '';
  }
}

/**
 * Runs a command, its output thrown away. Peak memory is looked at every 20 ms.
 * @returns CPU seconds and peak memory in bytes; null when it is missing or fails
 */
export function runPeer(command, options = {}) {
  const child = spawn('sh', ['-c', '"$@" >/dev/null; s=$?; times >&2; exit $s', 'sh', ...command], {
    ...options,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let [text, peakBytes] = ['', 0];
  child.stderr.setEncoding('latin1').on('data', (piece) => (text += piece));
  const poll = setInterval(() => (peakBytes = Math.max(peakBytes, peakOf(childOf(child.pid)))), POLL_MS);
  return new Promise((resolve) => {
    child.on('close', (status) => {
      clearInterval(poll);
      if (status !== 0) return resolve(null);
      const children = text.trim().split('\n').at(-1); // 0m0.12s 0m0.01s
      const seconds = children.split(' ').reduce((sum, part) => sum + toSeconds(part), 0);
      resolve({ seconds, peakBytes });
    });
  });
}

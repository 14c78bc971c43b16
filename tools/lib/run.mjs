/** Child processes for the tools: run one to its end, or many with at most two at a time. */
import { spawn } from 'node:child_process';
import { ROOT } from './packages.mjs';

/** @returns {Promise<{ status: number, output: string }>} both streams, in order of arrival */
export function run(command, args, { cwd = ROOT, env = {}, inherit = false, timeoutMs } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      timeout: timeoutMs,
      env: { ...process.env, ...env },
      stdio: inherit ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk) => (output += chunk);
    child.stdout?.setEncoding('utf8').on('data', collect);
    child.stderr?.setEncoding('utf8').on('data', collect);
    child.on('error', reject);
    child.on('close', (status, signal) =>
      resolve({ status: status ?? 128, output: signal ? `${output}${signal}\n` : output }),
    );
  });
}

/** A tool of node_modules/.bin, started without npx (which takes longer than most of them). */
export function runBin(name, args, options) {
  return run(`${ROOT}/node_modules/.bin/${name}`, args, options);
}

/** Maps with at most `width` promises under way; results in the order of the items. */
export async function parallel(items, task, width = 2) {
  const results = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await task(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

/**
 * Runs a check on every item, prints one line for each (with the output of those that fail), then the count, and sets
 * the exit status. `task` resolves to null or to the text of what is wrong.
 */
export async function checkAll(title, items, task, width = 2) {
  const problems = await parallel(items, task, width);
  const failed = problems.filter((problem) => problem !== null).length;
  problems.forEach((problem, index) => {
    const label = typeof items[index] === 'string' ? items[index] : items[index].name;
    if (problem !== null) console.log(`FAIL ${title} ${label}\n${problem}`);
  });
  console.log(`${title}: ${items.length - failed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

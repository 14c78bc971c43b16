import { describe, expect, it } from '@jest/globals';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { createKernel, KernelDriver, type TaskMain } from '../../src/index.js';

const text = (chunks: Uint8Array[]): string => Buffer.concat(chunks).toString();

/** Runs one task as the first program, with collected console and standard output. */
async function runTask(main: TaskMain): Promise<{ console: string; stdout: string; status: number | undefined }> {
  const screen: Uint8Array[] = [];
  const stdout: Uint8Array[] = [];
  const machine = EmulatedMachine.create({
    memoryBytes: 16 << 20,
    console: { output: (bytes) => void screen.push(bytes.slice()) },
  });
  const kernel = createKernel({ machine, programs: { main } });
  const output = kernel.openOutput('stdout', (bytes) => stdout.push(bytes));
  output.retain();
  const input = kernel.openInput();
  const process = kernel.launch({ path: '/bin/main', args: ['main'], files: [input.file, output, output] });
  if (typeof process === 'number') throw new Error(`launch: ${process}`);
  let status: number | undefined;
  kernel.processObservers.push((ended) => {
    if (ended === process) status = ended.end?.value;
  });
  await new KernelDriver(kernel).run(() => status !== undefined);
  return { console: text(screen), stdout: text(stdout), status };
}

describe('boot', () => {
  it('shows six stages and runs a task with descriptors', async () => {
    const result = await runTask(function* main(sys) {
      const message = new TextEncoder().encode('hello\n');
      const count = yield* sys.write(1, message);
      return count;
    });
    expect(result.stdout).toBe('hello\n');
    expect(result.status).toBe(6);
    expect(result.console.match(/\[\d\/6\] [a-z ]+?(?= {2})/g)).toHaveLength(6);
  });

  it('serves paths by IPC', async () => {
    const result = await runTask(function* main(sys) {
      const made = yield* sys.mkdir('/tmp/x');
      const fd = yield* sys.open('/tmp/x/file', 0o101, 0o644);
      const written = yield* sys.write(fd, new TextEncoder().encode('abc'));
      const cwd = yield* sys.chdir('/tmp/x');
      const name = yield* sys.getcwd();
      const line = `${made} ${fd} ${written} ${cwd} ${name}`;
      yield* sys.write(1, new TextEncoder().encode(line));
      return 0;
    });
    expect(result.stdout).toBe('0 3 3 0 /tmp/x');
    expect(result.status).toBe(0);
  });
});

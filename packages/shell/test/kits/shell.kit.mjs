/** The package's kit on its built files: run under vitest and node:test by tools/test-kits.mjs. */
import { createKernel, KernelDriver, makeDirectories } from '@veridian-os/kernel';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { programs } from '@veridian-os/shell';
import { shellKit } from '@veridian-os/shell/testing';

/** One kernel for all scripts, an empty directory for each. */
function scriptRunner() {
  const machine = EmulatedMachine.create({ memoryBytes: 16 << 20 });
  const kernel = createKernel({ machine, programs, verbose: false });
  const driver = new KernelDriver(kernel);
  let count = 0;
  return async (script) => {
    const cwd = `/tmp/${++count}`;
    makeDirectories(kernel, cwd);
    const input = kernel.openInput();
    input.stream.end();
    const decoder = new TextDecoder();
    let stdout = '';
    const files = [
      input.file,
      kernel.openOutput('stdout', (bytes) => (stdout += decoder.decode(bytes, { stream: true }))),
      kernel.openOutput('stderr', () => undefined),
    ];
    const shell = kernel.launch({ path: '/bin/vsh', args: ['vsh', '-c', script], env: ['PATH=/bin'], cwd, files });
    await driver.run(() => shell.end !== undefined);
    const { kind, value } = shell.end;
    return { stdout, status: kind === 'signal' ? 128 + value : value };
  };
}

export default function run(runner) {
  shellKit(runner, 'vsh', scriptRunner());
}

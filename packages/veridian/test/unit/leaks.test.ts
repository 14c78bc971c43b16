import { describe, expect, it } from '@jest/globals';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { createKernel, KernelDriver, writeFile, type BootedKernel } from '@veridian-os/kernel';
import { linux } from '@veridian-os/linux';
import { exits, forkExecLoop, Program, A0, A1, SYS } from '../../src/testing.js';

interface Counts {
  frames: number;
  capabilities: number;
  openFiles: number;
  processes: number;
  threads: number;
  queues: number;
}

function boot(): BootedKernel {
  const machine = EmulatedMachine.create({ memoryBytes: 32 << 20 });
  return createKernel({ machine, personalities: [linux()], verbose: false });
}

/** What is in use now, with the caches emptied as far as they empty themselves. */
function counts(kernel: BootedKernel): Counts {
  const { freeFrames, capabilities, openFiles, processes, threads } = kernel.statistics();
  return {
    frames: freeFrames,
    capabilities,
    openFiles,
    processes,
    threads,
    queues: kernel.waits.liveQueues,
  };
}

async function execute(kernel: BootedKernel, path: string): Promise<number> {
  const process = kernel.launch({ path, args: [path], files: [] });
  if (typeof process === 'number') throw new Error(`launch: ${process}`);
  await new KernelDriver(kernel).run(() => process.end !== undefined);
  const end = process.end;
  return end === undefined ? -1 : end.kind === 'exit' ? end.value : 128 + end.value;
}

describe('nothing is left behind', () => {
  it('after five hundred fork, exec, exit cycles', async () => {
    const kernel = boot();
    writeFile(kernel, '/bin/child', exits(0), 0o755);
    writeFile(kernel, '/bin/loop', forkExecLoop(500, '/bin/child'), 0o755);
    writeFile(kernel, '/bin/warm', forkExecLoop(2, '/bin/child'), 0o755);
    expect(await execute(kernel, '/bin/warm')).toBe(0);
    const before = counts(kernel);
    expect(await execute(kernel, '/bin/loop')).toBe(0);
    expect(kernel.processes.created).toBeGreaterThan(500);
    expect(counts(kernel)).toEqual(before);
  });

  it('after a thousand failed runs', async () => {
    const kernel = boot();
    const files: [string, Uint8Array, number][] = [
      ['/bin/text', new TextEncoder().encode('not a program\n'), 126],
      ['/bin/truncated', exits(0).subarray(0, 100), 126],
      ['/bin/null-read', new Program().emit(0x00003503).elf(), 139], // ld a0, 0(zero)
      ['/bin/illegal', new Program().emit(0).elf(), 132],
      ['/bin/wild-jump', new Program().li(A0, 0x5000_0000).emit(0x00050067).elf(), 139],
      ['/bin/bad-pointer', badPointer(), 14],
    ];
    for (const [path, bytes] of files) writeFile(kernel, path, bytes, 0o755);
    for (const [path, , status] of files) expect([path, await execute(kernel, path)]).toEqual([path, status]);
    expect(await execute(kernel, '/bin/missing')).toBe(127);
    const before = counts(kernel);
    for (let round = 0; round < 1000; round++) {
      const [path, , status] = files[round % files.length];
      if ((await execute(kernel, path)) !== status) throw new Error(`round ${round}: ${path}`);
    }
    expect(counts(kernel)).toEqual(before);
  });
});

/** write(1, 8, 4): its error as the exit status. */
function badPointer(): Uint8Array {
  return new Program()
    .la(A0, 'pipe')
    .li(A1, 0)
    .call(SYS.pipe2)
    .la(5, 'pipe')
    .emit(0x0042a503) // lw a0, 4(t0)
    .li(A1, 8)
    .li(12, 4)
    .call(SYS.write)
    .emit(0x40a00533) // neg a0, a0
    .call(SYS.exitGroup)
    .space('pipe', 8)
    .elf();
}

/** What is left of a thousand machines: nothing. */
import { readFileSync, readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from '@jest/globals';
import { x86_64 } from '@veridian-os/assembler';
import { TrapKind } from '@veridian-os/hal';
import { Rig, describeWithKvm } from '../helpers/rig.js';

const { jmpShort, syscall } = x86_64;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describeWithKvm('resources', () => {
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  /** Mappings that are neither code nor the JavaScript engine's (which come in 256 KiB). */
  const mappings = (): number =>
    readFileSync('/proc/self/maps', 'utf8')
      .split('\n')
      .filter((line) => line.includes('kvm') || isOurs(line)).length;
  const isOurs = (line: string): boolean => {
    const [, start, end, file] = /^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \S+ *(.*)$/.exec(line) ?? ['', '0', '0', 'none'];
    return file === '' && parseInt(end, 16) - parseInt(start, 16) >= MACHINE_BYTES;
  };
  const MACHINE_BYTES = 48 << 20;

  it('after a thousand machines, used and disposed of, descriptors and mappings are what they were', async () => {
    const use = (): void => {
      const rig = Rig.create({ memoryBytes: MACHINE_BYTES });
      const { context } = rig.program(syscall(), jmpShort(-2));
      for (let i = 0; i < 3; i++) expect(rig.run(context).kind).toBe(TrapKind.Syscall);
      rig.run(rig.context());
      rig.machine.dispose();
    };
    const settle = async (): Promise<void> => {
      for (let i = 0; i < 5; i++) {
        collectGarbage();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    use();
    await settle();
    const before = [descriptors(), mappings()];
    for (let i = 0; i < 1000; i++) use();
    await settle();
    expect([descriptors(), mappings()]).toEqual(before);
  }, 240_000);
});

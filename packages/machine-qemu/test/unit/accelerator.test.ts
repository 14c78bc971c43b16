/** Which accelerator a machine gets. KVM itself is played by a script that refuses, or that forgets what it was asked for. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QemuMachine, probeQemu } from '@veridian-os/machine-qemu';
import { isPromising, startEngine } from '../../src/accelerator.js';
import { readOptions } from '../../src/options.js';
import { hasQemu } from '../helpers/qemu.js';

const ISA = 'x86_64';
const MEMORY = 4 << 20;

(hasQemu(ISA) ? describe : describe.skip)('accelerator', () => {
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'veridian-accelerator-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** A QEMU that writes its accelerators down and treats KVM as `kvm` says, a line of shell. */
  function stand(name: string, kvm: string): { qemu: string; asked: () => string[] } {
    const [qemu, log] = [join(folder, name), join(folder, `${name}.log`)];
    const script = `#!/bin/sh
for word; do last=$is_next; is_next=$word; [ "$last" = -accel ] && echo "$word" >> ${log}; done
case "$*" in *"-accel kvm"*) ${kvm};; esac
exec qemu-system-${ISA} "$@"
`;
    writeFileSync(qemu, script);
    chmodSync(qemu, 0o755);
    return { qemu, asked: () => readFileSync(log, 'utf8').trim().split('\n') };
  }

  it('is the translator where KVM refuses, which is asked once', () => {
    const { qemu, asked } = stand('refuses', 'echo no guests here >&2; exit 1');
    const wanted = readOptions({ isa: ISA, qemu, memoryBytes: MEMORY });
    for (let i = 0; i < 2; i++) {
      const engine = startEngine(wanted, () => true);
      expect(engine.settings.accelerator).toBe('tcg');
      engine.dispose();
    }
    expect(asked()).toEqual(['kvm', 'tcg', 'tcg']);
  });

  it('is KVM where a machine starts with it', () => {
    const { qemu, asked } = stand(
      'starts',
      `exec qemu-system-${ISA} $(echo "$@" | sed "s/-cpu host -accel kvm/-cpu max -accel tcg/")`,
    );
    const engine = startEngine(readOptions({ isa: ISA, qemu, memoryBytes: MEMORY }), () => true);
    expect(engine.settings.accelerator).toBe('kvm');
    engine.dispose();
    expect(asked()).toEqual(['kvm']);
  });

  it('is not tried where it cannot work, and told of where it was asked for', () => {
    const { qemu, asked } = stand('asked', 'echo no guests here >&2; exit 1');
    startEngine(readOptions({ isa: ISA, qemu, memoryBytes: MEMORY }), () => false).dispose();
    expect(asked()).toEqual(['tcg']);
    expect(() => QemuMachine.create({ isa: ISA, qemu, accelerator: 'kvm', memoryBytes: MEMORY })).toThrow(
      'no guests here',
    );
  });

  it("is never KVM for another ISA than the host's", () => {
    const foreign = process.arch === 'arm64' ? 'riscv64' : 'aarch64';
    expect(isPromising(foreign)).toBe(false);
  });

  it('is what a probe found', () => {
    const found = probeQemu(ISA);
    expect(found).toMatchObject({ ok: true, accelerator: expect.stringMatching(/^(tcg|kvm)$/) });
  });
});

/** `veridian machine` with Debian's kernel: a session over pipes with a disk, a folder and the network of the host's. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { FIRMWARE, hasLinux, linuxFiles } from '../../../machine-emulated/test/helpers/firmware-files.js';

const START = resolve(__dirname, '../../../../tools/start.mjs');
const PROMPT = /veridian# (\S\[6n)?$/;
const scratch = mkdtempSync(join(tmpdir(), 'veridian-machine-linux-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Types a line at each prompt. */
function session(args: readonly string[], lines: string[]): Promise<{ status: number | null; text: string }> {
  const child = spawn(process.execPath, [START, 'machine', ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  let since = '';
  child.stdout.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
    since += bytes.toString('latin1');
    if (!PROMPT.test(since)) return;
    since = '';
    child.stdin.write(`${lines.shift() ?? 'poweroff -f'}\n`);
  });
  return new Promise((done) => child.on('close', (status) => done({ status, text: text.replaceAll('\r', '') })));
}

const describeLinux = hasLinux() ? describe : describe.skip;

describeLinux('veridian machine', () => {
  it('boots Linux, which writes a disk and a shared folder and reads from the network', async () => {
    const modules = ['virtio_mmio', 'virtio_blk', 'virtio_net', 'virtio_rng', '9pnet_virtio', '9p'];
    const { kernel, initrd } = linuxFiles(...modules);
    const [kernelPath, initrdPath, disk] = ['kernel', 'initrd', 'disk'].map((name) => join(scratch, name));
    writeFileSync(kernelPath, kernel);
    writeFileSync(initrdPath, initrd);
    writeFileSync(disk, new Uint8Array(1 << 20));
    const shared = join(scratch, 'shared');
    mkdirSync(shared);
    writeFileSync(join(shared, 'from-host'), 'said the host\n');
    const body = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 31 + (i >> 8)) & 255));
    const server = createServer((_, response) => response.end(body));
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const { port } = server.address() as AddressInfo;
    try {
      const { status, text } = await session(
        [
          ...[
            '--bios',
            FIRMWARE.dynamic,
            '--kernel',
            kernelPath,
            '--initrd',
            initrdPath,
            '--append',
            'console=ttyS0 quiet',
          ],
          ...['--share', `${shared}:files`, '--drive', disk, '--net', 'user,host', '--timeout', '240'],
        ],
        [
          'stty cols 300; ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up',
          `wget -q -O /tmp/body http://10.0.2.2:${port}/; md5sum < /tmp/body`,
          'dd if=/tmp/body of=/dev/vda bs=4096 conv=fsync 2> /dev/null && echo written',
          'mount -t 9p -o trans=virtio,version=9p2000.L files /mnt && cat /mnt/from-host',
          'mkdir /mnt/made && cp /tmp/body /mnt/made/body && mv /mnt/from-host /mnt/made && umount /mnt && echo shared',
        ],
      );
      expect(text).toContain(`\n${createHash('md5').update(body).digest('hex')}  -\n`);
      expect(text).toContain('\nwritten\n');
      expect(text).toContain('\nsaid the host\n');
      expect(text).toContain('\nshared\n');
      expect(status).toBe(0);
      expect(readFileSync(join(shared, 'made/from-host'), 'utf8')).toBe('said the host\n');
      expect(readFileSync(join(shared, 'made/body')).equals(body)).toBe(true);
      expect(readFileSync(disk).subarray(0, body.length).equals(body)).toBe(true);
    } finally {
      server.close();
    }
  }, 300_000);
});

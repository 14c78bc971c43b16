/** Fetches firmware, kernel and initial RAM disk (see tools/page-files.mjs), then boots them. */
import { bootLinux } from './boot-linux.js';
import { serve, type Screen } from './protocol.js';

const FILES = { bios: 'firmware.bin', kernel: 'kernel.gz', initrd: 'initramfs.cpio.gz' } as const;

async function load(screen: Screen, name: string): Promise<Uint8Array> {
  screen.status(`fetching ${name} ...`);
  const response = await fetch(new URL(`../linux/${name}`, self.location.href));
  if (!response.ok || response.body === null) throw new Error(`linux/${name}: the server answers ${response.status}`);
  const packed = name.endsWith('.gz') && response.headers.get('content-encoding') === null;
  const body = packed ? response.body.pipeThrough(new DecompressionStream('gzip')) : response.body;
  return new Uint8Array(await new Response(body).arrayBuffer());
}

serve(async (screen) => {
  const images = {
    bios: await load(screen, FILES.bios),
    kernel: await load(screen, FILES.kernel),
    initrd: await load(screen, FILES.initrd),
  };
  screen.status('booting');
  return bootLinux(screen, { ...images, commandLine: 'console=ttyS0 quiet' });
});

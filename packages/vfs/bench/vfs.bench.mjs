import { O_CREAT, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY, createFileStat, createTmpfs, createVfs } from '@veridian-os/vfs';
import { HeapFrames, RecordingWait } from '@veridian-os/vfs/testing';
import { suite } from '../../../tools/bench.mjs';

const time = { sec: 1, nsec: 0 };
const frames = new HeapFrames(65536);
const base = { frames, bytes: frames, wait: new RecordingWait(), now: () => time };
const vfs = createVfs(base);
vfs.mount('/', createTmpfs(base));
const root = vfs.root();
const context = { root, start: root, umask: 0o22 };

const must = (result) => {
  if (typeof result === 'number' && result < 0) throw new Error(`failed: ${result}`);
  return result;
};
const page = [new Uint8Array(4096).fill(1)];
const mebibyte = [new Uint8Array(1 << 20).fill(2)];
const times = (count, body) => () => {
  for (let i = 0; i < count; i++) body(i);
};

await suite(async ({ bench }) => {
  await bench({
    case: 'open existing, write 4 KiB, close',
    ours: times(100, () => {
      const file = must(vfs.open(context, '/a', O_CREAT | O_WRONLY, 0o644));
      must(file.write(page));
      file.release();
    }),
    opsPerCall: 100,
  });

  await bench({
    case: 'create, write 4 KiB, close, unlink',
    ours: times(100, () => {
      const file = must(vfs.open(context, '/new', O_CREAT | O_TRUNC | O_WRONLY, 0o644));
      must(file.write(page));
      file.release();
      must(vfs.unlink(context, '/new'));
    }),
    opsPerCall: 100,
  });

  for (const path of ['/1', '/1/2', '/1/2/3', '/1/2/3/4']) must(vfs.mkdir(context, path, 0o755));
  must(vfs.open(context, '/1/2/3/4/5', O_CREAT | O_WRONLY, 0o644)).release();
  const stat = createFileStat();
  await bench({
    case: 'stat at depth 5',
    ours: times(1000, () => must(vfs.stat(context, '/1/2/3/4/5', true, stat))),
    opsPerCall: 1000,
  });

  must(vfs.mkdir(context, '/many', 0o755));
  for (let i = 0; i < 1000; i++) must(vfs.open(context, `/many/file${i}`, O_CREAT | O_WRONLY, 0o644)).release();
  let entries = 0;
  const count = () => ++entries > 0;
  await bench({
    case: 'readdir of 1000',
    ours: () => {
      const directory = must(vfs.open(context, '/many', O_RDONLY, 0));
      entries = 0;
      must(directory.readdir(count));
      directory.release();
      if (entries !== 1002) throw new Error(`${entries} entries`);
    },
  });

  const big = must(vfs.open(context, '/big', O_CREAT | O_RDWR, 0o644));
  await bench({ case: 'write 1 MiB over cached pages', ours: () => must(big.write(mebibyte, 0)) });
  await bench({ case: 'read 1 MiB from cached pages', ours: () => must(big.read(mebibyte, 0)) });
  await bench({
    case: 'write 1 MiB to a new file, truncate',
    ours: () => {
      must(big.setattr({ size: 0 }));
      must(big.write(mebibyte, 0));
    },
  });
  const word = [new Uint8Array(16)];
  await bench({
    case: 'read 16 bytes from a cached page',
    ours: times(1000, (i) => must(big.read(word, i * 32))),
    opsPerCall: 1000,
    noGc: true,
  });

  const [reader, writer] = must(vfs.pipe(0));
  await bench({
    case: 'pipe, write and read 64 KiB',
    ours: () => {
      for (let i = 0; i < 16; i++) must(writer.write(page));
      for (let i = 0; i < 16; i++) must(reader.read(page));
    },
  });
  const byte = [new Uint8Array(1)];
  await bench({
    case: 'pipe, write and read one byte',
    ours: times(1000, () => {
      must(writer.write(byte));
      must(reader.read(byte));
    }),
    opsPerCall: 1000,
    noGc: true,
  });
});

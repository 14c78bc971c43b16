/** A host folder under a VFS beside node:fs itself. */
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { createHostfs } from '@veridian-os/hostfs';
import { temporaryFolder } from '@veridian-os/hostfs/testing';
import { O_CREAT, O_RDONLY, O_WRONLY, createFileStat, createTmpfs, createVfs } from '@veridian-os/vfs';
import { HeapFrames, RecordingWait } from '@veridian-os/vfs/testing';
import { suite } from '../../../tools/bench.mjs';

const temporary = temporaryFolder('veridian-hostfs-bench-');
process.on('exit', () => temporary.remove());
const folder = temporary.path;
const frames = new HeapFrames(65536);
const base = { frames, bytes: frames, wait: new RecordingWait(), now: () => ({ sec: 1, nsec: 0 }) };
const vfs = createVfs(base);
vfs.mount('/', createTmpfs(base));
const root = vfs.root();
const context = { root, start: root, umask: 0o22 };
vfs.mkdir(context, '/h', 0o755);
vfs.mount('/h', createHostfs({ folder, ...base }));
vfs.mkdir(context, '/s', 0o755);
vfs.mount('/s', createHostfs({ folder, exclusive: true, ...base }));

const must = (result) => {
  if (typeof result === 'number' && result < 0) throw new Error(`failed: ${result}`);
  return result;
};
const times = (count, body) => () => {
  for (let i = 0; i < count; i++) body(i);
};
const page = [new Uint8Array(4096).fill(1)];
const into = [new Uint8Array(4096)];
const stat = createFileStat();
mkdirSync(join(folder, '1/2/3/4'), { recursive: true });
writeFileSync(join(folder, 'f'), page[0]);
writeFileSync(join(folder, '1/2/3/4/5'), '');
mkdirSync(join(folder, 'many'));
for (let i = 0; i < 100; i++) writeFileSync(join(folder, `many/${i}`), '');

const readThrough = (path) =>
  times(100, () => {
    const file = must(vfs.open(context, path, O_RDONLY, 0));
    must(file.read(into));
    file.release();
  });
const readDirectly = times(100, () => {
  const fd = openSync(join(folder, 'f'), 'r');
  readSync(fd, into[0], 0, 4096, 0);
  closeSync(fd);
});
const statDeep = (path) => times(100, () => must(vfs.stat(context, path, true, stat)));
const statDirectly = times(100, () => lstatSync(join(folder, '1/2/3/4/5')));

await suite(async ({ bench }) => {
  const peer = 'node:fs';
  const opsPerCall = 100;
  await bench({ case: 'open, read 4 KiB, close', ours: readThrough('/h/f'), peer, peerFn: readDirectly, opsPerCall });
  await bench({ case: 'open, read 4 KiB, close; exclusive', ours: readThrough('/s/f'), opsPerCall });
  await bench({ case: 'stat at depth 5', ours: statDeep('/h/1/2/3/4/5'), peer, peerFn: statDirectly, opsPerCall });
  await bench({ case: 'stat at depth 5; exclusive', ours: statDeep('/s/1/2/3/4/5'), opsPerCall });
  await bench({
    case: 'create, write 4 KiB, close, unlink',
    ours: times(20, () => {
      const file = must(vfs.open(context, '/h/new', O_CREAT | O_WRONLY, 0o644));
      must(file.write(page));
      file.release();
      must(vfs.unlink(context, '/h/new'));
    }),
    peer,
    peerFn: times(20, () => {
      const fd = openSync(join(folder, 'new'), 'wx');
      writeSync(fd, page[0], 0, 4096, 0);
      closeSync(fd);
      unlinkSync(join(folder, 'new'));
    }),
    opsPerCall: 20,
  });
  await bench({
    case: 'readdir of 100',
    ours: () => {
      const directory = must(vfs.open(context, '/h/many', O_RDONLY, 0));
      must(directory.readdir(() => true));
      directory.release();
    },
    peer,
    peerFn: () => readdirSync(join(folder, 'many'), { withFileTypes: true }),
  });
});

import { createKernel } from '@veridian-os/kernel';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { LineEditor, parse, programs, tokenize } from '@veridian-os/shell';
import { suite } from '../../../tools/bench.mjs';

const LINE = `cat "$HOME/notes.txt" | grep -n 'to do' | sort -u > /tmp/list 2>&1 && echo "done: $? \${x:-none}" &`;
const SPAWNS = 100;

/** A kernel in which a task does what `body` says once for each byte of its input. */
function looper(body) {
  const machine = EmulatedMachine.create({ memoryBytes: 32 << 20 });
  const byte = new Uint8Array(1);
  const main = function* main(sys) {
    while ((yield* sys.read(0, byte)) > 0) yield* body(sys);
    return 0;
  };
  const kernel = createKernel({ machine, programs: { ...programs, main }, verbose: false });
  const output = kernel.openOutput('out', () => undefined);
  output.retain();
  const input = kernel.openInput();
  kernel.launch({ path: '/bin/main', args: ['main'], env: ['PATH=/bin'], files: [input.file, output, output] });
  return (rounds) => () => {
    input.stream.push(new Uint8Array(rounds));
    while (kernel.step().state === 'busy');
  };
}

function* run(sys, path, args) {
  const pid = yield* sys.spawn({ path, args });
  if (pid < 0) throw new Error(`spawn ${path}: ${pid}`);
  yield* sys.wait({ pid });
}

await suite(async ({ bench }) => {
  await bench({
    case: `tokenize a line of ${LINE.length} characters`,
    ours: () => {
      for (let i = 0; i < 100; i++) tokenize(LINE);
    },
    opsPerCall: 100,
  });
  await bench({
    case: 'parse it',
    ours: () => {
      for (let i = 0; i < 100; i++) parse(LINE);
    },
    opsPerCall: 100,
  });

  const keys = new TextEncoder().encode(LINE);
  const editor = new LineEditor([]);
  await bench({
    case: 'line editor, a key at the end of the line',
    ours: () => {
      editor.begin('$ ');
      for (const key of keys) editor.push(key);
      editor.takeOutput();
    },
    opsPerCall: keys.length,
  });

  const main = looper(function* (sys) {
    yield* run(sys, '/bin/true', ['true']);
  });
  await bench({ case: 'spawn and wait for a task (/bin/true)', ours: main(SPAWNS), opsPerCall: SPAWNS });

  const empty = looper(function* (sys) {
    const pid = yield* sys.spawn({
      path: 'empty',
      args: ['empty'],
      *task(self) {
        yield* self.now();
        return 0;
      },
    });
    yield* sys.wait({ pid });
  });
  await bench({ case: 'spawn and wait for a task without a file', ours: empty(SPAWNS), opsPerCall: SPAWNS });

  const shell = looper(function* (sys) {
    yield* run(sys, '/bin/vsh', ['vsh', '-c', '/bin/echo a | cat']);
  });
  await bench({ case: "vsh -c '/bin/echo a | cat'", ours: shell(10), opsPerCall: 10 });

  const pipe = looper(function* (sys) {
    yield* run(sys, '/bin/vsh', ['vsh', '-c', 'yes | head -c 1048576 | wc -c']);
  });
  await bench({ case: "vsh -c 'yes | head -c 1048576 | wc -c'", ours: pipe(1) });
});

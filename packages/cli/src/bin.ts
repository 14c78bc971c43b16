#!/usr/bin/env node
import { main } from './main.js';

// A reader that has gone is no error of ours; `main` notices it while a command runs, this what is still on its way.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

// Not process.exit: output that a pipe has not taken yet must still go out. No top-level await: CommonJS has none.
void main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});

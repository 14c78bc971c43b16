import { describe, it } from '@jest/globals';
import { createVfs, type PipeFile } from '../../src/index.js';
import { pipeKit } from '../../src/testing.js';
import { parts } from '../helpers/fixtures.js';

pipeKit({ describe, it }, () => {
  const base = parts();
  const [reader, writer] = createVfs(base).pipe(0) as [PipeFile, PipeFile];
  return { reader, writer, woken: () => base.wait.take(reader.waitQueue) };
});

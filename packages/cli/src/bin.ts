#!/usr/bin/env node

// Compiled code of a run serves the next one, from Node 22 on; NODE_DISABLE_COMPILE_CACHE=1 keeps it off the disk.
const { enableCompileCache } = process.getBuiltinModule('node:module') as { enableCompileCache?: () => unknown };
enableCompileCache?.();

// Not process.exit: output that a pipe has not taken yet must still go out. Loaded here, behind the line above.
void import('./main.js')
  .then(({ main }) => main(process.argv.slice(2)))
  .then((status) => {
    process.exitCode = status;
  });

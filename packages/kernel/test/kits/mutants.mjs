/** Bugs that the kit must find: see tools/kit-mutants.mjs. */
export default [
  {
    name: 'a program without files keeps the file server it was opened by',
    file: 'host/launch.ts',
    find: 'if (options.endowment?.files === false) withdrawFiles(kernel, thread.process);',
    replace: '',
  },
  {
    name: 'deaths by faults are not reported',
    file: 'kernel.ts',
    find: 'if (!handled || thread.blocked.has(info.signal))',
    replace: 'if (handled)',
  },
  {
    name: 'a budget passes the limit of instructions',
    file: 'core/dispatcher.ts',
    find: 'return Math.min(this.left, slice, limit, Math.max(1, Math.ceil(toTimer)));',
    replace: 'return Math.min(this.left, slice, Math.max(1, Math.ceil(toTimer)));',
  },
  {
    name: 'the wait queue of a thread outlives it',
    file: 'exec/processes.ts',
    find: 'kernel.waits.destroy(thread.endQueue);',
    replace: '',
  },
  {
    name: 'the rest of a piece of input is lost',
    file: 'host/streams.ts',
    find: 'else this.chunks[0] = chunk.subarray(count);',
    replace: 'else this.chunks.shift();',
  },
  {
    name: 'address spaces outlive their processes',
    file: 'exec/processes.ts',
    find: '--memory.users === 0',
    replace: '--memory.users < 0',
  },
  {
    name: 'exit statuses are cut to seven bits',
    file: 'exec/processes.ts',
    find: 'value: status & 0xff',
    replace: 'value: status & 0x7f',
  },
];

/** Memory calls. */
import * as memory from '../calls/memory.js';
import { row, type Row } from './row.js';

export const MEMORY_ROWS: readonly Row[] = [
  row('brk', [214, 12], memory.brk, 'pointer = pointer'),
  row('mmap', [222, 9], memory.mmap, 'pointer size prot map-flags fd hex = pointer'),
  row('munmap', [215, 11], memory.munmap, 'pointer size'),
  row('mprotect', [226, 10], memory.mprotect, 'pointer size prot'),
  row('mremap', [216, 25], memory.mremap, 'pointer size size hex pointer = pointer'),
  row('madvise', [233, 28], memory.madvise, 'pointer size madvise'),
  row('mincore', [232, 27], memory.mincore, 'pointer size pointer'),
  row('msync', [227, 26], memory.msync, 'pointer size hex'),
  row('mlock', [228, 149], memory.mlock, 'pointer size'),
  row('mlock2', [284, 325], memory.mlock2, 'pointer size hex'),
  row('munlock', [229, 150], memory.munlock, 'pointer size'),
  row('mlockall', [230, 151], memory.mlockall, 'hex'),
  row('munlockall', [231, 152], memory.munlockall),
  row('membarrier', [283, 324], memory.membarrier, 'int hex int'),
  row('riscv_flush_icache', [259, -1, -1], memory.riscvFlushIcache, 'pointer pointer hex'),
];

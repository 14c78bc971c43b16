import { describe, expect, it } from '@jest/globals';
import { formatSlabtop } from '@veridian-os/slab';
import { allocatorOf, some } from '../helpers.js';

function busy() {
  const allocator = allocatorOf(64);
  const inode = allocator.createCache({ name: 'inode', size: 600 });
  const dentry = allocator.createCache({ name: 'dentry', size: 192 });
  allocator.createCache({ name: 'buffer', size: 104 });
  allocator.createCache({ name: 'dentry2', size: 190 });
  allocator.createCache({ name: 'cred', size: 192 });
  for (let i = 0; i < 20; i++) some(inode.alloc());
  for (let i = 0; i < 3; i++) some(dentry.alloc());
  return allocator;
}

describe('formatSlabtop', () => {
  it('prints what slabtop prints', () => {
    expect(formatSlabtop(busy().statistics())).toBe(
      [
        ' Active / Total Objects (% used)    : 23 / 47 (48.9%)',
        ' Total Slabs                        : 3',
        ' Active / Total Caches (% used)     : 2 / 3 (66.7%)',
        ' Active / Total Size (% used)       : 12.28K / 20.00K (61.4%)',
        ' Minimum / Average / Maximum Object : 0.10K / 0.41K / 0.59K',
        '',
        '  OBJS ACTIVE  USE OBJ SIZE  SLABS OBJ/SLAB CACHE SIZE NAME',
        '    26     20  76%    0.59K      2       13        16K inode',
        '    21      3  14%    0.19K      1       21         4K dentry (also dentry2, cred)',
        '     0      0   0%    0.10K      0       39         0K buffer',
      ].join('\n'),
    );
  });

  it('sorts by what it is told, and prints as many rows', () => {
    const rows = (options: Parameters<typeof formatSlabtop>[1]) =>
      formatSlabtop(busy().statistics(), options)
        .split('\n')
        .slice(7)
        .map((line) => line.trim().split(/ +/)[7]);
    expect(rows({ sort: 'name' })).toEqual(['buffer', 'dentry', 'inode']);
    expect(rows({ sort: 'failed' as never })).toEqual(['buffer', 'dentry', 'inode']);
    expect(rows({ sort: 'size', limit: 2 })).toEqual(['inode', 'dentry']);
    expect(rows({ sort: 'live' })).toEqual(['inode', 'dentry', 'buffer']);
    expect(rows({ sort: 'frames', limit: 1 })).toEqual(['inode']);
  });

  it('prints a table without caches', () => {
    const lines = formatSlabtop([]).split('\n');
    expect(lines[0]).toBe(' Active / Total Objects (% used)    : 0 / 0 (0.0%)');
    expect(lines[4]).toBe(' Minimum / Average / Maximum Object : 0.00K / 0.00K / 0.00K');
    expect(lines).toHaveLength(7);
  });
});

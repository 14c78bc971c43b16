/** Programs whose memory is worth recording; those that are not here (tools/fetch-programs.mjs) are left out. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostFolder } from '@veridian-os/hostfs';
import { locateProgram } from '../../../programs/locate.mjs';

const LUA_TREES = `
local function tree(d) if d == 0 then return {} end return { tree(d - 1), tree(d - 1) } end
local function count(t) if t[1] then return 1 + count(t[1]) + count(t[2]) end return 1 end
local long = tree(14)
local n = 0
for i = 1, 24 do n = n + count(tree(11)) end
print(n + count(long))
`;
const LUA_TABLE = `
local words = {}
local x = 12345
for i = 1, 20000 do
  x = (x * 1103515245 + 12345) % 2147483648
  words[i] = "k" .. (x % 5000)
end
local seen = {}
for round = 1, 6 do
  for i = 1, #words do seen[words[i]] = (seen[words[i]] or 0) + 1 end
end
table.sort(words)
print(#words, seen[words[1]])
`;
const SQL = `
create table t(a integer primary key, b text, c integer);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 6000)
insert into t select i, 'row number ' || i || ' with some text to fill it', (i * 7919) % 1000 from n;
create index tc on t(c);
select count(*), sum(a) from t where c between 100 and 120;
update t set b = b || '!' where c < 50;
select count(*) from t x join t y on x.c = y.a where y.a < 500;
select c, count(*) from t group by c order by 2 desc limit 3;
`;
const AWK = `BEGIN { srand(1); for (i = 0; i < 30000; i++) { k = int(rand() * rand() * 4000); n[k]++; s[k] = s[k] "x" } for (k in n) t += n[k]; print t }`;

const PROGRAMS = [
  { name: 'lua: trees', alias: 'lua', args: ['-e', LUA_TREES] },
  { name: 'lua: hash and sort', alias: 'lua', args: ['-e', LUA_TABLE] },
  { name: 'sqlite3: in memory', alias: 'sqlite3', args: [':memory:', SQL] },
  { name: 'busybox awk', alias: 'busybox', args: ['awk', AWK] },
];

/** @returns { found: programs as `record` takes them, missing: names } */
export function findPrograms() {
  const found = [];
  const missing = [];
  for (const { name, alias, args } of PROGRAMS) {
    const program = locateProgram(alias);
    if (program?.path === undefined) {
      missing.push(name);
      continue;
    }
    const folders = program.sysroot === undefined ? [] : ['/lib', '/usr'];
    const folder = (path) => ({ path, fs: hostFolder(join(program.sysroot, path), { readOnly: true }) });
    const mounts = folders.map(folder);
    found.push({ name, bytes: readFileSync(program.path), options: { name: alias, args, mounts } });
  }
  return { found, missing };
}

/** caps: what a process may do, capability by capability. */
import { ESRCH, errnoMessage } from '@veridian-os/abi';
import { OBJECT_NAMES, ObjectType, type Kernel, type Process, type Token } from '@veridian-os/kernel';
import { table } from '../internal/format.js';
import { needsSystem } from '../internal/inspection.js';
import type { Utility } from '../internal/tool.js';

export const caps: Utility = {
  name: 'caps',
  summary: 'list the capabilities of a process',
  usage: '[PID]',
  options: '',
  help: [
    "Without PID: this program's own, which are what the shell handed on to it.",
    'RIGHTS: r read, w write, x execute, g grant to others, m mint weaker ones, c control',
    'Needs the System capability.',
  ].join('\n'),
  *run(tool) {
    const [operand] = tool.operands;
    const pid = operand === undefined ? tool.sys.pid : Number(operand);
    const rows = yield* tool.sys.inspect<string[][] | number>((kernel) => {
      const process = kernel.processByPid(pid);
      return process === undefined ? ESRCH : listing(kernel, process);
    });
    if (rows === ESRCH) return yield* tool.complain(`${operand}: ${errnoMessage(ESRCH)}`);
    if (typeof rows === 'number') return yield* needsSystem(tool, rows);
    yield* tool.print(table([['SLOT', 'TYPE', 'OBJECT', 'RIGHTS', 'BADGE', 'WHAT'], ...rows], '><><><'));
    return 0;
  },
};

function listing(kernel: Kernel, process: Process): string[][] {
  const rows: string[][] = [];
  kernel.capabilities.forEach((space, lo, hi, type, object, rights, badge) => {
    if (space !== process.capabilities) return;
    const what = [...uses(process, { lo, hi }), ...fileName(kernel, type, object)].join(' ');
    const badgeText = badge === 0 ? '-' : String(badge);
    rows.push([String(lo), OBJECT_NAMES[type] ?? String(type), String(object), rightsText(rights), badgeText, what]);
  });
  return rows.sort((a, b) => Number(a[0]) - Number(b[0]));
}

/** `rwxgmc`, with a dash for each that is missing. */
function rightsText(rights: number): string {
  return [...'rwxgmc'].map((letter, bit) => ((rights & (1 << bit)) === 0 ? '-' : letter)).join('');
}

/** What the process uses a capability for. */
function uses(process: Process, token: Token): string[] {
  const is = (other: Token | undefined): boolean => other?.lo === token.lo && other.hi === token.hi;
  const found: string[] = [];
  for (const fd of process.files.open()) {
    if (process.files.tokenLo(fd) === token.lo && process.files.tokenHi(fd) === token.hi)
      found.push(`descriptor ${fd}`);
  }
  if (is(process.cwd)) found.push('working directory');
  if (is(process.root)) found.push('root directory');
  if (is(process.endowment.fileServer)) found.push('file server');
  if (is(process.endowment.clock)) found.push('time of day');
  if (is(process.endowment.entropy)) found.push('randomness');
  if (is(process.endowment.system)) found.push('inspection of the kernel');
  return found;
}

function fileName(kernel: Kernel, type: number, object: number): string[] {
  return type === ObjectType.File ? [kernel.objects.files.get(object).name] : [];
}

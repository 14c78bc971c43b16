/**
 * Asks QEMU's monitor where addresses lead through tables that `PageTable` built (gva2gpa): frames may be anywhere, also where
 * no board has memory. A program of the board's has turned translation on and waits.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Board } from './board.js';
import { GuestRam } from './guest-ram.js';
import { Random, TestTables } from './mappings.js';
import { command, load } from './walks.js';

const READY_MS = 60_000;

/** QEMU's answers to monitor commands, in order. Source: QEMU, docs/interop/qmp-spec. */
async function ask(qemu: ChildProcess, commands: readonly string[]): Promise<string[]> {
  const [input, output] = [qemu.stdin as Writable, qemu.stdout as Readable];
  const lines = createInterface({ input: output });
  const answers: string[] = [];
  const execute = (name: string, line?: string) =>
    `${JSON.stringify({ execute: name, arguments: line === undefined ? {} : { 'command-line': line }, id: name })}\n`;
  input.write(execute('qmp_capabilities') + commands.map((line) => execute('human-monitor-command', line)).join(''));
  for await (const line of lines) {
    const { id, return: answer, error } = JSON.parse(line) as { id?: string; return?: unknown; error?: unknown };
    if (error !== undefined) throw new Error(`QEMU: ${JSON.stringify(error)}`);
    if (id === 'human-monitor-command') answers.push(String(answer).trim());
    if (answers.length === commands.length) return answers;
  }
  throw new Error(`QEMU ended after ${answers.length} of ${commands.length} answers`);
}

async function ready(board: Board, ram: GuestRam): Promise<void> {
  for (const end = Date.now() + READY_MS; ram.read(board.probes, 1)[0] !== 1; await sleep(5)) {
    if (Date.now() > end) throw new Error(`${board.executable}: the program did not start`);
  }
}

const hex = (value: bigint | number): string => `0x${value.toString(16)}`;

/**
 * Builds `count` mappings to frames anywhere and compares where QEMU says that they lead.
 * @returns how many it asked about
 * @throws Error naming the seed and the first difference
 */
export async function checkTranslations(board: Board, seed: number, count: number): Promise<number> {
  const tables = new TestTables(board, new Random(seed)).fillAnywhere(count).splitSome(4);
  const { mappings, table } = tables.addAbsent(Math.ceil(count / 10));
  const ram = new GuestRam(board.ram);
  load(board, ram, tables, { root: table.root, probes: board.probes, count: 0, stay: true });
  const { args, files, close } = command(board, ram);
  const qemu = spawn(board.executable, [...args, '-qmp', 'stdio'], { stdio: ['pipe', 'pipe', 'ignore', ...files] });
  try {
    await ready(board, ram);
    const answers = await ask(
      qemu,
      mappings.map(({ page }) => `gva2gpa ${hex(page)}`),
    );
    mappings.forEach(({ page, kind, physical, level }, i) => {
      // C's `%#x`: zero has no prefix.
      const expected = kind === 'absent' ? 'Unmapped' : `gpa: ${physical === 0 ? 0 : hex(physical)}`;
      if (answers[i] === expected) return;
      const what = `${board.format.name}, seed ${seed}: ${hex(page)}, ${kind} of level ${level}`;
      throw new Error(`${what}: expected '${expected}', got '${answers[i]}'`);
    });
    return answers.length;
  } finally {
    qemu.kill('SIGKILL');
    close();
    ram.close();
  }
}

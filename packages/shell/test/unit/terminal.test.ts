import { describe, expect, it } from '@jest/globals';
import { SI_USER, SIGINT, signalInfo, type TaskMain } from '@veridian-os/kernel';
import { programs } from '../../src/index.js';
import { TerminalSession } from '../harness.js';

const PROMPT = 'veridian:/$';

/** What the screen shows below a command line, up to the next prompt. */
function reply(session: TerminalSession, line: string): string {
  const lines = session.run(line).split('\n');
  return lines
    .slice(1)
    .filter((text) => !text.startsWith(PROMPT) || text.length > PROMPT.length)
    .join('\n');
}

/** Takes a terminal's modes away and dies, as a broken full-screen program would. */
const vandal: TaskMain = function* vandal(sys) {
  yield* sys.ioctl(0, 0x5402, new Uint8Array(36));
  return 3;
};

describe('vsh at a terminal', () => {
  it('greets, prompts, runs commands, and leaves with exit', () => {
    const session = new TerminalSession();
    expect(session.screen.text).toContain('Welcome to Veridian');
    expect(session.screen.lines.at(-1)).toBe(PROMPT);
    expect(reply(session, 'echo hello')).toBe('hello');
    session.run('exit 5');
    expect(session.shell.end).toEqual({ kind: 'exit', value: 5, core: false });
  });

  it('leaves with Ctrl-D, with the last status', () => {
    const session = new TerminalSession();
    session.run('false');
    session.type('\x04');
    expect(session.shell.end?.value).toBe(1);
  });

  it('shows the directory, and lists names in columns', () => {
    const session = new TerminalSession();
    session.run('cd /dev');
    expect(session.screen.lines.at(-1)).toBe('veridian:/dev$');
    expect(session.run('ls /').split('\n')[1]).toBe('bin  dev  proc  tmp');
  });

  it.each([40, 60, 80, 119])('explains itself on a screen of %i columns without cutting a word', (columns) => {
    const words = (width: number): string[] =>
      reply(new TerminalSession({}, width), 'help').split(/\s+/).filter(Boolean).sort();
    expect(words(columns)).toEqual(words(250));
  });

  it('keeps output that does not end in a newline', () => {
    const session = new TerminalSession();
    expect(reply(session, 'echo -n abc')).toBe('abc%');
    expect(session.screen.lines.at(-1)).toBe(PROMPT);
  });

  it('edits the line and recalls earlier ones', () => {
    const session = new TerminalSession();
    expect(reply(session, 'ecoh hi\x01\x1b[C\x1b[C\x1b[3~\x1b[Co')).toBe('hi');
    expect(reply(session, '\x1b[A')).toBe('hi');
    expect(reply(session, '\x12cho')).toBe('hi');
    expect(reply(session, 'history')).toContain('1  echo hi\n    2  history');
  });

  it('continues a line that is not complete', () => {
    const session = new TerminalSession();
    session.type("echo 'a\r");
    expect(session.screen.lines.at(-1)).toBe('>');
    session.type("b' |\rcat\r");
    expect(session.screen.lines.slice(-3)).toEqual(['a', 'b', PROMPT]);
    session.type("echo 'a\r\x03");
    expect(session.screen.lines.at(-1)).toBe(PROMPT);
    expect(reply(session, 'echo $?')).toBe('130');
  });

  it('completes commands and paths', () => {
    const session = new TerminalSession();
    session.run('mkdir "/tmp/a b"; echo x > "/tmp/a b/file"');
    expect(reply(session, 'una\t -s')).toBe('Veridian');
    expect(reply(session, 'cat /tm\ta\tf\t')).toBe('x');
    session.type('ls /\t');
    expect(session.screen.lines.slice(-2)).toEqual(['bin/  dev/  proc/  tmp/', `${PROMPT} ls /`]);
    session.type('\x03');
    expect(reply(session, 'cd /tmp && echo a*\t; cd')).toBe('a b');
  });

  it('says what is wrong with a line and goes on', () => {
    const session = new TerminalSession();
    expect(reply(session, 'echo )')).toBe("vsh: syntax error: unexpected ')'");
    expect(reply(session, 'echo $?')).toBe('2');
    expect(reply(session, 'no-such')).toBe('vsh: no-such: command not found');
    expect(reply(session, 'no-such')).toBe('vsh: no-such: command not found');
  });

  it('gives programs their input, with echo and line editing, and Ctrl-D as its end', () => {
    const session = new TerminalSession();
    session.type('cat | wc -l\r', 'one\rtw\x7fwo\r\x04');
    expect(session.screen.lines.slice(-4)).toEqual(['one', 'two', '2', PROMPT]);
  });

  it('leaves what is typed ahead to the program', () => {
    const session = new TerminalSession();
    session.type('cat\rfor cat\r', '\x04');
    expect(session.screen.lines.slice(-2)).toEqual(['for cat', PROMPT]);
    session.type('true\recho for vsh\r');
    expect(session.screen.lines.slice(-2)).toEqual(['for vsh', PROMPT]);
  });

  it('does not let names steer the terminal', () => {
    const session = new TerminalSession();
    session.run('cd /tmp; touch ab');
    const make = `> "$(printf 'a\\033[2Jb')"`;
    session.run(make);
    expect(session.screen.lines.slice(-2)[0]).toContain(make);
    expect(session.run('ls').split('\n')[1]).toBe('a?[2Jb  ab');
    session.type('ls a\t');
    expect(session.screen.lines.at(-1)).toBe('veridian:/tmp$ ls ab');
  });

  it('survives SIGTERM and SIGINT from others', () => {
    const session = new TerminalSession();
    expect(reply(session, 'kill $$; kill -INT $$; kill -TSTP $$; echo alive')).toBe('alive');
    session.type('ec');
    session.kernel.signals.sendProcess(session.shell, signalInfo(SIGINT, SI_USER));
    session.type('ho still\r');
    expect(session.screen.lines.slice(-2)[0]).toBe('still');
  });

  it('restores the modes of the terminal after a program', () => {
    const session = new TerminalSession({ programs: { ...programs, vandal } });
    expect(reply(session, 'vandal')).toBe('');
    session.type('cat\r', 'visible\r', '\x04');
    expect(session.screen.lines.slice(-3)).toEqual(['visible', 'visible', PROMPT]);
  });

  it('tells how a program died, and where', () => {
    const session = new TerminalSession({
      programs: {
        ...programs,
        *bad(): Generator<never, number, never> {
          throw new Error('a bug');
        },
      },
    });
    expect(reply(session, 'bad')).toMatch(/^Aborted\nbad\[\d+\]: uncaught Error: a bug$/);
    expect(reply(session, 'echo $?')).toBe('134');
    session.type('cat\r', '\x1c');
    expect(session.screen.lines.slice(-2)).toEqual(['^\\Quit', PROMPT]);
  });
});

describe('job control', () => {
  it('ends a job with Ctrl-C, with everything in its pipeline', () => {
    const session = new TerminalSession();
    session.type('sleep 100 | cat | cat\r');
    expect(session.screen.lines.at(-1)).not.toBe(PROMPT);
    session.type('\x03');
    expect(session.screen.lines.slice(-2)).toEqual(['^C', PROMPT]);
    expect(reply(session, 'echo $?; ps -q | wc -l')).toBe('130\n6');
  });

  it('drops the rest of a line that Ctrl-C ended', () => {
    const session = new TerminalSession();
    session.type('sleep 100; echo more; (echo still more)\r', '\x03');
    expect(session.screen.text).not.toMatch(/^(still )?more/m);
    expect(reply(session, 'echo $?')).toBe('130');
  });

  it('ends a substitution with Ctrl-C, and the command that it was for', () => {
    const session = new TerminalSession();
    for (const line of ['echo no $(sleep 100)', 'echo no $(sleep 100) | cat', 'x=$(sleep 100); echo no']) {
      session.type(`${line}\r`, '\x03');
      expect(session.screen.lines.at(-1)).toBe(PROMPT);
      expect(reply(session, 'echo $?')).toBe('130');
    }
    expect(session.screen.text).not.toMatch(/^no/m);
    expect(reply(session, 'ps -q | wc -l')).toBe('6');
  });

  it('stops with Ctrl-Z, continues with fg and bg', () => {
    const session = new TerminalSession();
    session.type('cat\r', 'a\r', '\x1a');
    expect(session.screen.lines.slice(-2)).toEqual(['[1]+  Stopped                 cat', PROMPT]);
    expect(reply(session, 'echo $?; jobs')).toBe('148\n[1]+  Stopped                 cat');
    session.type('fg\r', 'b\r');
    expect(session.screen.lines.slice(-4)).toEqual(['cat', 'b', 'b', '']);
    session.type('\x1a');
    // In the background it may not read: it stops again.
    expect(reply(session, 'bg')).toBe('[1]+ cat &');
    expect(reply(session, '')).toBe('[1]+  Stopped (tty input)     cat');
    session.type('fg %1\r', '\x04');
    expect(session.screen.lines.at(-1)).toBe(PROMPT);
    expect(reply(session, 'jobs')).toBe('');
  });

  it('continues a sleep where it stopped', () => {
    const session = new TerminalSession();
    session.type('sleep 10\r');
    session.advance(4);
    session.type('\x1a', 'fg\r');
    session.advance(5);
    expect(session.screen.lines.at(-1)).not.toBe(PROMPT);
    session.advance(2);
    expect(session.screen.lines.at(-1)).toBe(PROMPT);
    expect(reply(session, 'echo $?')).toBe('0');
  });

  it('runs jobs in the background and tells of their ends before a prompt', () => {
    const session = new TerminalSession();
    expect(reply(session, 'sleep 5 &')).toMatch(/^\[1\] \d+$/);
    expect(reply(session, 'sleep 7 | sleep 6 &')).toMatch(/^\[2\] \d+$/);
    expect(reply(session, 'jobs')).toBe(
      '[1]-  Running                 sleep 5 &\n[2]+  Running                 sleep 7 | sleep 6 &',
    );
    session.advance(5.5);
    expect(reply(session, '')).toBe('[1]-  Done                    sleep 5');
    session.advance(10);
    expect(reply(session, 'echo now')).toBe('now\n[2]+  Done                    sleep 7 | sleep 6');
    expect(reply(session, '(exit 3) &').replace(/\d+/g, 'n')).toBe('[n] n');
    expect(reply(session, '')).toBe('[1]+  Exit 3                  (exit 3)');
  });

  it('waits for jobs, unless Ctrl-C comes first', () => {
    const session = new TerminalSession();
    session.run('sleep 5 &');
    session.type('wait\r');
    session.advance(1);
    expect(session.screen.lines.at(-1)).toBe('');
    session.type('\x03');
    expect(reply(session, 'echo $?')).toBe('130');
    session.type('wait %1\r');
    session.advance(5);
    expect(session.screen.lines.at(-1)).toBe(PROMPT);
  });

  it('kills jobs by their number, also stopped ones', () => {
    const session = new TerminalSession();
    session.type('cat\r', '\x1a');
    session.run('kill %1');
    expect(reply(session, '')).toBe('[1]+  Terminated              cat');
    expect(reply(session, 'kill %1')).toBe('kill: %1: no such job');
    session.run('sleep 100 &');
    session.run('kill -INT %sleep');
    expect(reply(session, '')).toBe('[1]+  Interrupt               sleep 100');
  });

  it('does not leave stopped jobs without a warning', () => {
    const session = new TerminalSession();
    session.type('cat\r', '\x1a');
    expect(reply(session, 'exit')).toBe('exit: there are stopped jobs (exit again to leave them)');
    session.run('true');
    session.type('\x04');
    expect(session.ended).toBe(false);
    session.type('\x04');
    expect(session.ended).toBe(true);
  });

  it('nests: a shell in a shell has its own jobs, and gives the terminal back', () => {
    const session = new TerminalSession();
    session.run('vsh');
    session.type('sleep 100\r', '\x1a');
    expect(reply(session, 'jobs')).toBe('[1]+  Stopped                 sleep 100');
    session.type('exit\rexit\r');
    expect(reply(session, 'jobs; echo $SHLVL')).toBe('1');
    session.type('sleep 1\r', '\x03');
    expect(session.screen.lines.at(-1)).toBe(PROMPT);
  });

  it('leaves nothing behind after many jobs', () => {
    const session = new TerminalSession();
    session.run('echo warm | cat');
    const before = session.kernel.statistics();
    for (let round = 0; round < 20; round++)
      session.type('sleep 1 | cat\r', '\x03', 'cat\r', '\x1a', 'kill %1\r', '\r');
    const after = session.kernel.statistics();
    for (const key of ['processes', 'threads', 'openFiles', 'capabilities', 'freeFrames'] as const) {
      expect([key, after[key]]).toEqual([key, before[key]]);
    }
  });
});

describe('hanging up', () => {
  it('ends the shell', () => {
    const session = new TerminalSession();
    session.kernel.terminal?.hangUp();
    session.type('');
    expect(session.ended).toBe(true);
  });
});

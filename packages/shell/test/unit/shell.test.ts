import { describe, expect, it } from '@jest/globals';
import type { TaskMain } from '@veridian-os/kernel';
import { O_CREAT, O_WRONLY } from '@veridian-os/vfs';
import { runShell, ScriptKernel, type ShellRunOptions } from '../harness.js';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Ends by the signal that its argument names. */
const dies: TaskMain = function* dies(sys, [, signal]) {
  yield* sys.kill(sys.pid, Number(signal));
  return 0;
};

/** Writes its second argument, with \n as a newline, to the file that the first names. */
const writes: TaskMain = function* writes(sys, [, path, text]) {
  const fd = yield* sys.open(path, O_WRONLY | O_CREAT, 0o755);
  yield* sys.write(fd, encode(text.replaceAll('\\n', '\n')));
  yield* sys.close(fd);
  return 0;
};

const extra = { dies, writes };

async function output(script: string, options: ShellRunOptions = {}): Promise<string> {
  const { stdout, stderr, status } = await runShell(script, { extra, ...options });
  return `${stdout}${stderr}${status}`;
}

describe('vsh without a terminal', () => {
  it('takes commands from -c, with a name and parameters', async () => {
    expect(await output('', { args: ['vsh', '-c', 'echo $0 $1 "$@"', 'me', 'a b', 'c'] })).toBe('me a b a b c\n0');
    expect(await output('', { args: ['vsh', '-c', 'echo $0'] })).toBe('vsh\n0');
    expect(await output('', { args: ['vsh', '-ec', 'false; echo no'] })).toBe('1');
    expect(await output('', { args: ['vsh', '-xc', 'x=1; echo "a b"'] })).toBe("a b\n+ x=1\n+ echo 'a b'\n0");
  });

  it('takes commands from its input, and leaves the rest to what they start', async () => {
    const args = ['vsh'];
    expect(await output('', { args, stdin: 'echo a\nexit 4\necho no\n' })).toBe('a\n4');
    expect(await output('', { args, stdin: 'cat\nline 1\nline 2\n' })).toBe('line 1\nline 2\n0');
    expect(await output('', { args, stdin: 'head -c 3; echo\nabcecho rest' })).toBe('abc\nrest\n0');
    expect(await output('', { args, stdin: "echo 'a\nb'\necho c \\\nd" })).toBe('a\nb\nc d\n0');
    expect(await output('', { args, stdin: '' })).toBe('0');
    expect(await output('', { args, stdin: 'echo a\necho )\necho b\n' })).toBe(
      "a\nvsh: syntax error: unexpected ')'\n2",
    );
    expect(await output('', { args, stdin: 'echo a |' })).toBe('vsh: syntax error: a command is missing at the end\n2');
  });

  it('takes commands from a file, with parameters', async () => {
    const script = `writes /tmp/s 'echo $0 $#\\nread() { x; }\\n' > /dev/null; writes /tmp/t 'echo $0 "$2"; exit 3'; vsh /tmp/t a 'b c'; echo $?`;
    expect(await output(script)).toBe('/tmp/t b c\n3\n0');
    expect(await output('vsh /no/such')).toBe('vsh: /no/such: No such file or directory\n127');
    expect(await output('vsh -q; vsh -c; vsh --help | head -n 1')).toMatch(
      /^Usage: vsh .*\nvsh: unknown option '-q'\nUsage: [^]*vsh: option '-c' needs commands\n[^]*0$/,
    );
  });

  it('says which command was not found, or cannot be run', async () => {
    expect(await output('no-such a')).toBe('vsh: no-such: command not found\n127');
    expect(await output('/no/such')).toBe('vsh: /no/such: No such file or directory\n127');
    expect(await output('/dev')).toBe('vsh: /dev: Is a directory\n126');
    expect(await output('echo x > /tmp/f; /tmp/f')).toBe('vsh: /tmp/f: Permission denied\n126');
    expect(await output('> /tmp/f; PATH=/tmp; f; no')).toBe(
      'vsh: /tmp/f: Permission denied\nvsh: no: command not found\n127',
    );
    expect(await output('no-such 2> /dev/null; echo $?')).toBe('127\n0');
    expect(await output('""; echo $?')).toBe('127\nvsh: : command not found\n0');
  });

  it('says what is wrong with an executable', async () => {
    expect(await output(`writes /tmp/e '\x7fELF garbage'; /tmp/e`)).toMatch(/^vsh: \/tmp\/e: \S.*\n126$/);
    expect(await output(`writes /tmp/e '#!/no/interpreter\\n'; /tmp/e`)).toBe(
      'vsh: /tmp/e: its interpreter is missing\n126',
    );
    expect(await output(`writes /tmp/e '\\x00\x00\x01'; /tmp/e`)).toMatch(/^vsh: \/tmp\/e: .*\n126$/);
  });

  it('runs scripts, with and without a first line that names their interpreter', async () => {
    expect(await output(`writes /tmp/s '#!/bin/vsh -e\\necho $0 "$1"; false; echo no'; /tmp/s 'a b'`)).toBe(
      '/tmp/s a b\n1',
    );
    expect(await output(`writes /tmp/s 'x=2; echo $0 "$1"; exit 5'; x=1; /tmp/s 'a b'; echo $? $x`)).toBe(
      '/tmp/s a b\n5 1\n0',
    );
    expect(await output(`writes /tmp/s 'echo $x$y'; x=1; export y=2; /tmp/s; PATH=/tmp:$PATH; s`)).toBe('2\n2\n0');
  });

  it('answers 128+n for a signal, and says which', async () => {
    expect(await output('dies 15; echo $?')).toBe('143\nvsh: dies 15: Terminated\n0');
    expect(await output('dies 11; echo $?')).toBe('139\nvsh: dies 11: Segmentation fault\n0');
    expect(await output('dies 2; echo $?')).toBe('130\n0');
    expect(await output('true | dies 9')).toBe('vsh: true | dies 9: Killed\n137');
    expect(await output('dies 9 | true')).toBe('0');
    expect(await output('kill -9 $$')).toBe('137');
  });

  it('keeps parameters and options of its own through source, subshells, and substitutions', async () => {
    const script = `writes /tmp/s 'echo "$1" $#; x=5; set -- z'; set -- p; . /tmp/s; echo $1 $x; . /tmp/s q r; echo $1`;
    expect(await output(script)).toBe('p 1\nz 5\nq 2\nz\n0');
    expect(await output(`writes /tmp/s '. /tmp/s'; . /tmp/s; echo $?`)).toBe('1\nvsh: /tmp/s: nested too deeply\n0');
    expect(await output('cd /tmp; echo $(cd /; pwd) $(pwd); (cd /dev); pwd')).toBe('/ /tmp\n/tmp\n0');
    expect(await output('echo $(exit 3)$?; x=$(exit 3); echo $?')).toBe('0\n3\n0');
    expect(
      await output('echo $$ > /tmp/a; (echo $$ >> /tmp/a); echo $(echo $$) >> /tmp/a; sort -u /tmp/a | wc -l'),
    ).toBe('1\n0');
  });

  it('has no job control', async () => {
    expect(await output('sleep 1 & fg; bg; jobs; wait')).toBe(
      '[1]+  Running                 sleep 1 &\nfg: no job control in this shell\nbg: no job control in this shell\n0',
    );
    expect(await output('sleep 1 & kill %1; wait %1; echo $?; wait %1; echo $?')).toBe(
      '143\n127\nwait: %1: no such job\n0',
    );
  });

  it('does not let background commands take its input', async () => {
    expect(await output('', { args: ['vsh'], stdin: 'cat & wait\necho next\n' })).toBe('next\n0');
  });

  it('says what builtins cannot do', async () => {
    expect(await output('cd /no; cd a b; export 1x; unset -; set -z; shift 1; exit x')).toBe(
      [
        'cd: /no: No such file or directory',
        'cd: too many arguments',
        'export: 1x: not a variable name',
        'unset: -: not a variable name',
        "set: unknown option '-z'",
        "Try 'set --help'.",
        'shift: 1: cannot shift that far',
        'exit: x: not a number',
        '2',
      ].join('\n'),
    );
    expect(await output('cd -')).toBe('cd: OLDPWD is not set\n1');
    expect(await output('unset HOME; cd')).toBe('cd: HOME is not set\n1');
  });
});

describe('pipelines', () => {
  it('end when their reader does', async () => {
    expect(await output('yes | head -n 2; yes | true; yes | yes | yes | head -n 1')).toBe('y\ny\ny\n0');
  });

  it('carry much data', async () => {
    const size = 5_000_000;
    const bytes = new Uint8Array(size).map((_byte, index) => (index * 7919) >> 5);
    const run = await runShell('cat | cat > /tmp/f; cat /tmp/f | (cat; cat) | cat', { stdin: bytes });
    expect(run.status).toBe(0);
    expect(Buffer.compare(run.output, bytes)).toBe(0);
  });

  it('carry much in variables and arguments too', async () => {
    const script = 'x=$(yes "a *" | head -c 2000000); echo "$x" | wc -c; echo ${#x}; y="$x$x"; /bin/echo "$y" | wc -l';
    expect(await output(script)).toBe('2000000\n1999999\n999999\n0');
  });

  it('may be long', async () => {
    expect(await output(`echo x ${'| cat '.repeat(200)}`)).toBe('x\n0');
  });

  it('fail with a message when there are too many processes, and leave none', async () => {
    const { stdout, stderr, kernel } = await runShell(`${'sleep 9 | '.repeat(50)} cat; echo $?; ps -q | wc -l`, {
      kernel: { limits: { processes: 20 } },
    });
    expect(stderr).toContain('Resource temporarily unavailable');
    expect(stdout).toMatch(/^126\n6\n$/);
    expect(kernel.statistics().processes).toBe(3);
  });

  it('fail with a message when there are too many descriptors', async () => {
    const { stderr } = await runShell(`echo x ${'| cat '.repeat(5)}`, { kernel: { limits: { descriptors: 4 } } });
    expect(stderr).toMatch(/Too many open files/);
  });
});

describe('authority', () => {
  it('without the System capability nothing looks into the kernel', async () => {
    const { stdout, stderr } = await runShell('for=1; ps; mem; caps; mount | wc -l; uptime | wc -l', {
      endowment: { system: false },
    });
    expect(stdout).toBe('3\n1\n');
    expect(stderr.match(/cannot look into the kernel: Operation not permitted/g)).toHaveLength(3);
  });

  it('without the Clock capability nobody knows the time', async () => {
    const options = { endowment: { clock: false } };
    expect(await output('date; touch /tmp/f; touch /tmp/f', options)).toBe(
      'date: the time is not known: no Clock capability\ntouch: the time is not known: no Clock capability\n1',
    );
    const host = { epochMs: Date.UTC(2026, 7, 1, 9, 30, 5) };
    expect(await output('date; date "+%F %T %j %s"', { kernel: { host } })).toMatch(
      /^Sat Aug {2}1 09:30:05 UTC 2026\n2026-08-01 09:30:05 213 1785576605\n0$/,
    );
  });

  it('caps shows what a program holds', async () => {
    const { stdout } = await runShell('caps');
    expect(stdout).toMatch(/^ *SLOT {2}TYPE/);
    for (const use of ['file server', 'time of day', 'randomness', 'inspection of the kernel', 'working directory /']) {
      expect(stdout).toContain(use);
    }
    expect(stdout).toMatch(/file\s+\d+\s+-w-gmc\s+-\s+descriptor 1 pipe:/);
    const without = await runShell('caps', { endowment: { clock: false, entropy: false } });
    expect(without.stdout).not.toMatch(/time of day|randomness/);
  });

  it('ps and mem name processes, also machine-independent ones', async () => {
    const { stdout } = await runShell('sleep 1 | ps; mem');
    expect(stdout).toMatch(/ 1 +0 +1 +S +task +1 +[\d.]+ +- +\[init\]\n/);
    expect(stdout).toMatch(/ S +task +1 +[\d.]+ +- +sleep 1\n/);
    expect(stdout).toMatch(/\ntotal +4096 +16M\n/);
  });
});

describe('after many commands', () => {
  it('nothing is left: frames, capabilities, open files, processes', async () => {
    const host = new ScriptKernel();
    const script =
      'echo a | cat > f; (echo b; no-such) 2>&1 | wc -l; x=$(cat f); . ./none; sleep 9 & kill $!; wait; rm f; nope';
    for (let round = 0; round < 3; round++) await host.run(script);
    const before = host.kernel.statistics();
    for (let round = 0; round < 30; round++) await host.run(script);
    const after = host.kernel.statistics();
    for (const key of ['processes', 'threads', 'openFiles', 'capabilities'] as const) {
      expect([key, after[key]]).toEqual([key, before[key]]);
    }
    // Each run leaves its empty directory in the tree, and nothing else.
    expect(before.freeFrames - after.freeFrames).toBeLessThanOrEqual(1);
  });
});

describe('hexdump', () => {
  it('shows bytes and characters, repeated rows once', async () => {
    const row = (offset: string, bytes: string, text: string): string => `${offset}  ${bytes.padEnd(48)}  |${text}|\n`;
    expect(await output("printf 'hello, world\\n\\000\\377abc' | hexdump")).toBe(
      row('00000000', '68 65 6c 6c 6f 2c 20 77  6f 72 6c 64 0a 00 ff 61', 'hello, world...a') +
        row('00000010', '62 63', 'bc') +
        '00000012\n0',
    );
    const zeros = row('00000000', '00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00', '................');
    expect(await output('head -c 64 /dev/zero | hexdump')).toBe(`${zeros}*\n00000040\n0`);
    expect(await output('head -c 32 /dev/zero | hexdump -v | wc -l')).toBe('3\n0');
    expect(await output('echo abcdef | hexdump -s 2 -n 3; hexdump -n x')).toBe(
      `${row('00000002', '63 64 65', 'cde')}00000005\nhexdump: -n and -s need a number\nTry 'hexdump --help'.\n1`,
    );
    expect(await output('hexdump < /dev/null; hexdump /no')).toBe('hexdump: /no: No such file or directory\n1');
    expect(await output('seq 5000 | hexdump | wc -l; seq 5000 > /tmp/f; hexdump -s 9000 -n 100 /tmp/f | wc -l')).toBe(
      '1495\n8\n0',
    );
  });
});

describe('time', () => {
  it('goes on for sleepers while others are busy', async () => {
    expect(await output('yes > /dev/null & sleep 0.05; kill $!; wait $!; echo $?')).toBe('143\n0');
  });

  it('is what the machine says', async () => {
    expect(await output('sleep 90061; uptime | head -c 18')).toBe('up 1 day, 01:01:010');
  });
});

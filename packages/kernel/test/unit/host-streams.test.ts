/** The host's ends of standard streams, and the one door that inputs enter by. */
import { describe, expect, it } from '@jest/globals';
import { EAGAIN, EBADF, POLLHUP, POLLIN, POLLOUT } from '@veridian-os/abi';
import { HostInput, HostOutput, type BootedKernel } from '../../src/index.js';
import { resourceCounts } from '../../src/testing.js';
import { bootTasks, decode, encode, inTask } from '../helpers/tasks.js';

const take = (input: HostInput, length: number): string | number => {
  const into = new Uint8Array(length);
  const count = input.read([into]);
  return count < 0 ? count : decode(into.subarray(0, count));
};

describe('an input', () => {
  it('hands over what was pushed, in pieces of any size, then the end', () => {
    const input = new HostInput(bootTasks());
    expect([take(input, 5), input.poll()]).toEqual([EAGAIN, 0]);
    input.push(encode('hello '));
    input.push(encode(''));
    input.push(encode('world'));
    expect([input.buffered, input.poll()]).toEqual([11, POLLIN]);
    expect([take(input, 3), take(input, 5), input.buffered]).toEqual(['hel', 'lo wo', 3]);
    input.end();
    input.end();
    expect([take(input, 9), take(input, 9), input.poll()]).toEqual(['rld', '', POLLIN | POLLHUP]);
    expect([take(new HostInput(bootTasks()), 0), input.write()]).toEqual(['', EBADF]);
  });

  it('fills several segments', () => {
    const input = new HostInput(bootTasks());
    input.push(encode('abcdef'));
    const segments = [new Uint8Array(2), new Uint8Array(0), new Uint8Array(3)];
    expect(input.read(segments)).toBe(5);
    expect(segments.map(decode)).toEqual(['ab', '', 'cde']);
  });

  it('keeps a copy of what it was given', () => {
    const input = new HostInput(bootTasks());
    const bytes = encode('abc');
    input.push(bytes);
    bytes.fill(0);
    expect(take(input, 3)).toBe('abc');
  });

  it('of one program is not that of another', async () => {
    const kernel = bootTasks();
    const [first, second] = [kernel.openInput(), kernel.openInput()];
    first.stream.push(encode('first'));
    second.stream.push(encode('second'));
    expect([take(first.stream, 9), take(second.stream, 9)]).toEqual(['first', 'second']);
    first.file.release();
    second.file.release();
    expect(kernel.openInput().stream.isClosed).toBe(false);
  });

  it('drops what comes after nobody can read it, and tells the host', () => {
    const kernel = bootTasks();
    const before = resourceCounts(kernel);
    const { stream, file } = kernel.openInput();
    let told = 0;
    stream.onTaken = () => void told++;
    stream.push(encode('abc'));
    take(stream, 1);
    file.release();
    stream.push(encode('x'));
    stream.end();
    expect([told, stream.isClosed, stream.buffered]).toEqual([2, true, 0]);
    expect(resourceCounts(kernel)).toEqual(before);
  });
});

describe('an output', () => {
  it('passes copies on at once', () => {
    const chunks: Uint8Array[] = [];
    const output = new HostOutput(bootTasks(), { name: 'out', sink: (bytes) => void chunks.push(bytes) });
    const bytes = encode('abc');
    expect(output.write([bytes, encode(''), encode('de')])).toBe(5);
    bytes.fill(0);
    expect([chunks.map(decode), output.poll(), output.read()]).toEqual([['abc', 'de'], POLLOUT, EBADF]);
  });

  it('with a window waits for its consumer', () => {
    let passed = '';
    const output = new HostOutput(bootTasks(), {
      name: 'out',
      window: 5,
      sink: (bytes) => void (passed += decode(bytes)),
    });
    expect([output.write([encode('abc')]), output.write([encode('defg')])]).toEqual([3, 2]);
    expect([output.write([encode('fg')]), output.poll()]).toEqual([EAGAIN, 0]);
    output.taken(3);
    expect([output.poll(), output.write([encode('fg'), encode('hijk')])]).toEqual([POLLOUT, 3]);
    output.taken(5);
    expect(output.write([encode('ijk')])).toBe(3);
    expect(passed).toBe('abcdefghijk');
  });

  it('stops the kernel when a limit that it shares is spent', () => {
    const kernel = bootTasks();
    const budget = { left: 5 };
    const outputs = ['a', 'b'].map((name) => new HostOutput(kernel, { name, budget, sink: () => undefined }));
    expect([outputs[0].write([encode('abc')]), outputs[1].write([encode('de')]), kernel.isHalted]).toEqual([
      3,
      2,
      false,
    ]);
    expect([outputs[0].write([encode('')]), kernel.isHalted]).toEqual([0, false]);
    expect([outputs[0].write([encode('x')]), kernel.haltReason]).toEqual([0, 'limit: output']);
  });

  it('that is held back replays from its log', async () => {
    const observe = async (replay?: ReturnType<BootedKernel['inputs']['log']>) => {
      const kernel = bootTasks({ record: true });
      let passed = '';
      let steps = 0;
      const { stream, file } = kernel.openStream({
        name: 'out',
        window: 100,
        sink: (bytes) => void (passed += decode(bytes)),
      });
      if (replay !== undefined) kernel.inputs.replay(replay);
      const process = kernel.launch({
        path: 'writer',
        args: [],
        files: [file],
        *task(sys) {
          for (let count = 0; count < 50; count++) yield* sys.write(0, encode(`${count} ${yield* sys.now()}\n`));
          return 0;
        },
      });
      if (typeof process === 'number') throw new Error('launch');
      while (process.end === undefined && steps++ < 1000) {
        kernel.inputs.applyDue();
        kernel.step();
        if (process.end === undefined && replay === undefined && steps % 3 === 0) stream.taken(40);
      }
      return { passed, switches: kernel.statistics().contextSwitches, log: kernel.inputs.log() };
    };
    const first = await observe();
    const again = await observe(first.log);
    expect(first.passed.split('\n')).toHaveLength(51);
    expect([again.passed, again.switches]).toEqual([first.passed, first.switches]);
  });
});

describe('inputs', () => {
  it('of a log that names an unknown port are refused', () => {
    const kernel = bootTasks();
    kernel.inputs.replay({ ...kernel.inputs.log(), entries: [{ step: 0, port: 'none', input: { kind: 'end' } }] });
    expect(() => kernel.inputs.applyDue()).toThrow(/^port: expected one of .*console.*, got none$/);
  });

  it('of two ports of one name keep apart', () => {
    const { inputs } = bootTasks();
    const accept = (): void => undefined;
    expect([inputs.register('p', accept), inputs.register('p', accept)]).toEqual(['p', 'p#2']);
    inputs.unregister('p');
    expect(inputs.register('p', accept)).toBe('p');
  });

  it('are not recorded unless asked', async () => {
    const kernel = bootTasks();
    await inTask(
      function* (sys) {
        yield* sys.read(0, new Uint8Array(5));
      },
      { kernel, stdin: 'abc' },
    );
    expect(kernel.inputs.log().entries).toEqual([]);
  });
});

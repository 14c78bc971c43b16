/** The 9P server over a memory tree, against paths in a map; and against bytes that mean nothing. */
import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MemoryTree, NinepServer } from '../../src/index.js';
import { NinepClient, u32 } from '../../src/testing.js';

const name = fc.constantFrom('a', 'b', 'c');
const path = fc.oneof(fc.tuple(name), fc.tuple(name, name), fc.tuple(fc.constant('a'), name, name));
const step = fc.oneof(
  fc.record({ kind: fc.constant('mkdir' as const), path }),
  fc.record({ kind: fc.constant('write' as const), path, fill: fc.nat({ max: 255 }), length: fc.nat({ max: 99 }) }),
  fc.record({ kind: fc.constant('remove' as const), path, directory: fc.boolean() }),
  fc.record({ kind: fc.constant('rename' as const), path, to: path }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Content of a file, or null for a directory, by path. The root is ''. */
type Model = Map<string, string | null>;
const key = (parts: readonly string[]): string => parts.map((part) => `/${part}`).join('');
const children = (model: Model, at: string): string[] =>
  [...model.keys()].filter((other) => other.startsWith(`${at}/`) && !other.slice(at.length + 1).includes('/'));

/** @returns whether it should work */
function applyToModel(model: Model, action: Step): boolean {
  const at = key(action.path);
  const isDirectory = (which: string): boolean => model.get(which) === null;
  if (!isDirectory(key(action.path.slice(0, -1)))) return false;
  if (action.kind === 'mkdir' || action.kind === 'write') {
    if (model.has(at)) return false;
    model.set(at, action.kind === 'mkdir' ? null : String.fromCharCode(action.fill).repeat(action.length));
    return true;
  }
  if (!model.has(at)) return false;
  if (action.kind === 'remove') {
    if (isDirectory(at) !== action.directory || children(model, at).length > 0) return false;
    return model.delete(at);
  }
  const to = key(action.to);
  if (!isDirectory(key(action.to.slice(0, -1))) || to.startsWith(`${at}/`)) return false;
  if (to === at) return true;
  if (model.has(to) && (isDirectory(at) !== isDirectory(to) || children(model, to).length > 0)) return false;
  for (const [from, content] of [...model]) {
    if (from !== at && !from.startsWith(`${at}/`)) continue;
    model.delete(from);
    model.set(to + from.slice(at.length), content);
  }
  return true;
}

function applyToServer(client: NinepClient, action: Step): boolean {
  const last = action.path.at(-1)!;
  if (client.walk(0, 1, ...action.path.slice(0, -1)) !== 0) return false;
  const to = action.kind === 'rename' ? client.walk(0, 2, ...action.to.slice(0, -1)) : -1;
  let result: number;
  if (action.kind === 'mkdir') result = client.run(72, u32(1), last, u32(0o755), u32(0));
  else if (action.kind === 'remove') result = client.run(76, u32(1), last, u32(action.directory ? 0x200 : 0));
  else if (action.kind === 'rename') result = to === 0 ? client.run(74, u32(1), last, u32(2), action.to.at(-1)!) : to;
  else {
    result = client.run(14, u32(1), last, u32(1), u32(0o600), u32(0));
    if (result === 0) result = client.write(1, 0, new Uint8Array(action.length).fill(action.fill)) - action.length;
  }
  client.clunk(1);
  if (to === 0) client.clunk(2);
  return result === 0;
}

/** What the server has at a path, all the way down. */
function dump(client: NinepClient, parts: readonly string[], out: Model): Model {
  expect(client.walk(0, 1, ...parts)).toBe(0);
  const attributes = client.getattr(1) as { mode: number; nlink: number };
  const directory = (attributes.mode & 0o170000) === 0o040000;
  expect(client.run(12, u32(1), u32(0))).toBe(0);
  const content = directory ? client.readdir(1) : client.read(1, 0, 1000);
  client.clunk(1);
  if (!directory) out.set(key(parts), String.fromCharCode(...(content as Uint8Array)));
  else {
    out.set(key(parts), null);
    for (const child of content as string[]) dump(client, [...parts, child], out);
    const subdirectories = children(out, key(parts)).filter((child) => out.get(child) === null);
    expect(attributes.nlink).toBe(2 + subdirectories.length);
  }
  return out;
}

it('a tree is what the requests made of it', () => {
  let worked = 0;
  let failed = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const server = new NinepServer(new MemoryTree());
      const client = new NinepClient((request, room) => server.handle(request, room));
      client.start();
      const model: Model = new Map([['', null]]);
      for (const action of steps) {
        const expected = applyToModel(model, action);
        expect([action, applyToServer(client, action)]).toEqual([action, expected]);
        if (expected) worked++;
        else failed++;
      }
      const sorted = (tree: Model): unknown => [...tree].sort(([a], [b]) => (a < b ? -1 : 1));
      expect(sorted(dump(client, [], new Map()))).toEqual(sorted(model));
      expect(server.fids).toBe(1);
    }),
  );
  expect([worked > 100, failed > 100]).toEqual([true, true]);
});

it('any message gets an answer that fits', () => {
  const types = [
    8, 12, 14, 16, 18, 20, 22, 24, 26, 30, 32, 40, 50, 52, 54, 70, 72, 74, 76, 100, 104, 110, 116, 118, 120, 122,
  ];
  // Fields that a request may well have, in any order, and some that none has.
  const field = fc.oneof(
    fc.constantFrom(
      [0, 0, 0, 0],
      [1, 0, 0, 0],
      [1, 0, 97],
      [0, 0],
      [2, 0, 46, 46],
      [0, 0, 0, 0, 0, 0, 0, 0],
      [9, 1, 0, 0],
    ),
    fc.array(fc.nat({ max: 255 }), { minLength: 1, maxLength: 8 }),
  );
  const message = fc.record({
    type: fc.constantFrom(...types),
    body: fc.array(field, { maxLength: 9 }).map((fields) => fields.flat()),
    room: fc.nat({ max: 300 }),
  });
  const seen = new Set<number>();
  fc.assert(
    fc.property(fc.array(message, { maxLength: 30 }), (messages) => {
      const server = new NinepServer(new MemoryTree({ capacity: 1 << 20 }));
      const client = new NinepClient((request, room) => server.handle(request, room));
      client.start();
      for (const { type, body, room } of messages) {
        const request = Uint8Array.from([7 + body.length, 0, 0, 0, type, 1, 0, ...body]);
        const answer = server.handle(request, room);
        expect(answer === undefined).toBe(room < 11);
        if (answer === undefined) continue;
        expect([answer.length <= room, answer[0] | (answer[1] << 8), answer[5]]).toEqual([true, answer.length, 1]);
        seen.add(answer[4]);
      }
    }),
    { numRuns: 300 },
  );
  // Not only errors: some of what is random is a request.
  expect(seen.size).toBeGreaterThan(3);
});

/**
 * A 9P2000.L client for tests: requests by name, answers as fields. It writes fields of its own making, so it shares no
 * code with the server.
 */

/** A field: a number of so many bytes, a string, or raw bytes. */
export type Field = readonly [value: number, bytes: 1 | 2 | 4 | 8] | string | Uint8Array;

/** Takes a request and the bytes that the answer may have. */
export type Exchange = (request: Uint8Array, room: number) => Uint8Array | undefined;

export const u8 = (value: number): Field => [value, 1];
export const u16 = (value: number): Field => [value, 2];
export const u32 = (value: number): Field => [value, 4];
export const u64 = (value: number): Field => [value, 8];

function encode(field: Field): number[] {
  if (typeof field === 'string') {
    const bytes = [...new TextEncoder().encode(field)];
    return [bytes.length & 255, bytes.length >> 8, ...bytes];
  }
  if (field instanceof Uint8Array) return [...field];
  const [value, bytes] = field;
  return Array.from({ length: bytes }, (_, i) => Math.floor(value / 2 ** (8 * i)) % 256);
}

export class NinepClient {
  private readonly exchange: Exchange;
  private tag = 0;
  room = 8192;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  /**
   * @returns the answer behind its header, or the negative error number
   * @throws Error for an answer that fits no request: wrong size, tag or type
   */
  call(type: number, ...fields: readonly Field[]): DataView | number {
    this.tag = (this.tag + 1) & 0x7fff;
    const body = fields.flatMap(encode);
    const size = 7 + body.length;
    const request = Uint8Array.from([...encode(u32(size)), type, ...encode(u16(this.tag)), ...body]);
    const answer = this.exchange(request, this.room);
    if (answer === undefined) throw new Error(`request ${type}: no answer`);
    const view = new DataView(answer.slice().buffer);
    const [length, answerType, tag] = [view.getUint32(0, true), view.getUint8(4), view.getUint16(5, true)];
    if (length !== answer.length || tag !== this.tag || length > this.room) {
      throw new Error(`request ${type}: an answer of ${answer.length} bytes says ${length}, tag ${tag}`);
    }
    if (answerType === 7) return -view.getUint32(7, true);
    if (answerType !== type + 1) throw new Error(`request ${type}: answer ${answerType}`);
    return new DataView(view.buffer, 7);
  }

  /** 0 or the negative error number, for requests whose answer does not matter. */
  run(type: number, ...fields: readonly Field[]): number {
    const answer = this.call(type, ...fields);
    return typeof answer === 'number' ? answer : 0;
  }

  /** Begins a session, with `fid` at the root. */
  start(fid = 0): void {
    if (this.run(100, u32(8192), '9P2000.L') !== 0) throw new Error('version refused');
    if (this.run(104, u32(fid), u32(0xffffffff), 'root', '', u32(0)) !== 0) throw new Error('attach refused');
  }

  /** All steps or ENOENT. */
  walk(fid: number, to: number, ...names: readonly string[]): number {
    const answer = this.call(110, u32(fid), u32(to), u16(names.length), ...names);
    if (typeof answer === 'number') return answer;
    return answer.getUint16(0, true) === names.length ? 0 : -2;
  }

  clunk(fid: number): number {
    return this.run(120, u32(fid));
  }

  read(fid: number, position: number, count: number): Uint8Array | number {
    const answer = this.call(116, u32(fid), u64(position), u32(count));
    if (typeof answer === 'number') return answer;
    const got = answer.getUint32(0, true);
    return new Uint8Array(answer.buffer, answer.byteOffset + 4, got);
  }

  write(fid: number, position: number, data: Uint8Array): number {
    const answer = this.call(118, u32(fid), u64(position), u32(data.length), data);
    return typeof answer === 'number' ? answer : answer.getUint32(0, true);
  }

  /** Names of an open directory, in as many requests as it takes. */
  readdir(fid: number, count = 8000): string[] | number {
    const names: string[] = [];
    let offset = 0;
    for (;;) {
      const answer = this.call(40, u32(fid), u64(offset), u32(count));
      if (typeof answer === 'number') return answer;
      const end = 4 + answer.getUint32(0, true);
      if (end === 4) return names;
      for (let at = 4; at < end;) {
        offset = answer.getUint32(at + 13, true);
        const length = answer.getUint16(at + 22, true);
        names.push(new TextDecoder().decode(new Uint8Array(answer.buffer, answer.byteOffset + at + 24, length)));
        at += 24 + length;
      }
    }
  }

  /** Mode, links and size. */
  getattr(fid: number): { mode: number; nlink: number; size: number } | number {
    const answer = this.call(24, u32(fid), u64(0x7ff));
    if (typeof answer === 'number') return answer;
    const [mode, nlink] = [answer.getUint32(21, true), answer.getUint32(33, true)];
    return { mode, nlink, size: answer.getUint32(49, true) };
  }
}

/** Reads an initial stack as a program's start-up code would, following the pointers. */

export interface ParsedStack {
  readonly args: readonly Uint8Array[];
  readonly env: readonly Uint8Array[];
  /** [type, value] in order, without AT_NULL. */
  readonly auxv: readonly (readonly [type: number, value: number])[];
  /** Addresses of `argv[0]`'s and `envp[0]`'s strings; 0 for empty lists. */
  readonly firstArgument: number;
  readonly firstVariable: number;
  /** Address of the first byte behind AT_NULL. */
  readonly vectorEnd: number;
  /** NUL-terminated bytes at an address of the stack. */
  string(address: number): Uint8Array;
  /** The `length` bytes at an address of the stack. */
  bytesAt(address: number, length: number): Uint8Array;
}

/**
 * @param bytes contents of [stackPointer, top)
 * @throws Error when a pointer leaves the stack or a list does not end in it
 */
export function parseInitialStack(bytes: Uint8Array, stackPointer: number): ParsedStack {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let next = 0;
  const word = (): number => {
    if (next + 8 > bytes.length) throw new Error(`stack ends inside a list at ${next}`);
    const value = view.getUint32(next, true) + view.getUint32(next + 4, true) * 2 ** 32;
    next += 8;
    return value;
  };
  const bytesAt = (address: number, length: number): Uint8Array => {
    const start = address - stackPointer;
    if (start < 0 || start + length > bytes.length) throw new Error(`0x${address.toString(16)} is not in the stack`);
    return bytes.subarray(start, start + length);
  };
  const string = (address: number): Uint8Array => {
    const rest = bytesAt(address, stackPointer + bytes.length - address);
    const end = rest.indexOf(0);
    if (end < 0) throw new Error(`0x${address.toString(16)}: no NUL`);
    return rest.subarray(0, end);
  };
  const list = (): number[] => {
    const pointers: number[] = [];
    for (let pointer = word(); pointer !== 0; pointer = word()) pointers.push(pointer);
    return pointers;
  };
  const argc = word();
  const argv = list();
  if (argv.length !== argc) throw new Error(`argc is ${argc}, argv has ${argv.length}`);
  const envp = list();
  const auxv: [number, number][] = [];
  for (let type = word(); type !== 0; type = word()) auxv.push([type, word()]);
  word();
  return {
    args: argv.map(string),
    env: envp.map(string),
    auxv,
    firstArgument: argv[0] ?? 0,
    firstVariable: envp[0] ?? 0,
    vectorEnd: stackPointer + next,
    string,
    bytesAt,
  };
}

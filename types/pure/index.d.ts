/**
 * The few globals that every JavaScript host has, that touch nothing outside the program, and that TypeScript's
 * ES2022 library leaves out. Packages compiled against this instead of DOM or Node types cannot reach a clock, a file
 * or a network: such a name is a type error.
 */
interface TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>;
  encodeInto(source: string, destination: Uint8Array): { read: number; written: number };
}
declare var TextEncoder: { new (): TextEncoder };

interface TextDecoder {
  decode(input?: ArrayBufferView | ArrayBufferLike, options?: { stream?: boolean }): string;
}
declare var TextDecoder: {
  new (label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean }): TextDecoder;
};

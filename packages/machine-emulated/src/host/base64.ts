/** Base64 by the host's own decoder where it has one: decoding in JavaScript that no compiler has seen yet takes 5 ms. */
import { decodeBase64 } from '../internal/base64.js';

interface Host {
  readonly Buffer?: { from(text: string, encoding: 'base64'): Uint8Array<ArrayBuffer> };
  readonly Uint8Array: { fromBase64?(text: string): Uint8Array<ArrayBuffer> };
}

/** Decodes well-formed, padded base64 without white space. */
export function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> {
  const { Buffer, Uint8Array } = globalThis as Host;
  return Uint8Array.fromBase64?.(text) ?? Buffer?.from(text, 'base64') ?? decodeBase64(text);
}

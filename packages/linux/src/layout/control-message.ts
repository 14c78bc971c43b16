/**
 * Ancillary data of socket messages.
 *
 *   cmsghdr  0 cmsg_len:8 (header included)  8 cmsg_level:4  12 cmsg_type:4  16 data; each padded to 8 bytes
 */
import { getWide, setWide } from './words.js';

/** Headers and data are aligned to this; a header is two of it. */
export const CMSG_ALIGN = 8;
const HEADER = 16;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const SCM_CREDENTIALS = 2;

/** Descriptors in a control buffer; undefined when it is malformed or holds something unknown. */
export function decodeControl(view: DataView): number[] | undefined {
  const fds: number[] = [];
  for (let at = 0; at + HEADER <= view.byteLength;) {
    const length = getWide(view, at);
    const type = view.getInt32(at + 12, true);
    if (length < HEADER || at + length > view.byteLength || view.getInt32(at + 8, true) !== SOL_SOCKET)
      return undefined;
    if (type !== SCM_RIGHTS && type !== SCM_CREDENTIALS) return undefined;
    for (let fd = at + HEADER; type === SCM_RIGHTS && fd + 4 <= at + length; fd += 4) fds.push(view.getInt32(fd, true));
    at += Math.ceil(length / CMSG_ALIGN) * CMSG_ALIGN;
  }
  return fds;
}

/** One SCM_RIGHTS record; nothing without descriptors. */
export function encodeRights(fds: readonly number[]): Uint8Array {
  if (fds.length === 0) return new Uint8Array(0);
  const length = HEADER + fds.length * 4;
  const bytes = new Uint8Array(Math.ceil(length / CMSG_ALIGN) * CMSG_ALIGN);
  const view = new DataView(bytes.buffer);
  setWide(view, 0, length);
  view.setInt32(8, SOL_SOCKET, true);
  view.setInt32(12, SCM_RIGHTS, true);
  fds.forEach((fd, index) => view.setInt32(HEADER + index * 4, fd, true));
  return bytes;
}

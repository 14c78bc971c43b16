/** A description opened with O_PATH: names a place, opens nothing. */
import { EBADF, type AttributeChange, type Errno } from '@veridian-os/abi';
import { O_ACCMODE } from '../api.js';
import type { PathRef } from '../names/path.js';
import { Description, type EntrySink, type FileHost } from './description.js';

export class PathFile extends Description {
  readonly kind = 'path';
  override readonly readable = false;
  override readonly writable = false;

  constructor(host: FileHost, at: PathRef, flags: number) {
    super(host, at, flags & ~O_ACCMODE, at.vnode.sb.fs.ioQueue);
  }

  override poll(): number {
    return 0;
  }
  override ioctl(_request: number, _argument: Uint8Array<ArrayBufferLike>): number | Errno {
    return EBADF;
  }
  override setattr(_change: AttributeChange): 0 | Errno {
    return EBADF;
  }
  override seek(_offset: number, _whence: number): number | Errno {
    return EBADF;
  }
  override readdir(_sink: EntrySink): 0 | Errno {
    return EBADF;
  }
  override sync(): 0 | Errno {
    return EBADF;
  }
}

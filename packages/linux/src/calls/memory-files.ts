/** memfd_create and what is different about its files. */
import { EINVAL, ENAMETOOLONG, type Errno } from '@veridian-os/abi';
import { O_CLOEXEC, type OpenFile } from '@veridian-os/vfs';
import type { Call } from '../call.js';
import { MemoryFile } from '../files/memory-file.js';
import { installSpecial } from '../files/special.js';
import { decodeText } from '../text.js';

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const MFD_NOEXEC_SEAL = 8;
const MFD_EXEC = 16;
const NAME_MAX = 249;

/** memfd_create(name, flags) */
export function memfdCreate(call: Call): number {
  const flags = call.uint(1);
  if ((flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC)) !== 0) return EINVAL;
  const name = call.space.readString(call.address(0), NAME_MAX);
  if (typeof name === 'number') return name === ENAMETOOLONG ? EINVAL : call.noted(name);
  const sealable = (flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL)) !== 0;
  const file = new MemoryFile(call.kernel, decodeText(name), sealable);
  return installSpecial(call, file, (flags & MFD_CLOEXEC) === 0 ? 0 : O_CLOEXEC, file.label);
}

/** The memory behind an open file, when it is one of these. */
export function memoryFile(call: Call, file: OpenFile): MemoryFile | undefined {
  return file.kind === 'special' ? call.linux.specials.find(file, MemoryFile) : undefined;
}

/** F_ADD_SEALS and F_GET_SEALS. */
export function seals(call: Call, file: OpenFile, adds: boolean): number | Errno {
  const memory = memoryFile(call, file);
  if (memory === undefined) return EINVAL;
  return adds ? memory.addSeals(call.uint(2)) : memory.seals;
}

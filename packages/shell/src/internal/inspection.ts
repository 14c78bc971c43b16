/** What utilities say that look into the kernel and may not. */
import { EPERM, errnoMessage } from '@veridian-os/abi';
import type { Step } from './io.js';
import type { Tool } from './tool.js';

export function* needsSystem(tool: Tool, errno: number): Step<number> {
  const why = errno === EPERM ? ' (this needs the System capability)' : '';
  return yield* tool.complain(`cannot look into the kernel: ${errnoMessage(errno)}${why}`);
}

/** Everything that goes to /bin: vsh and the utilities, by name. */
import type { TaskMain } from '@veridian-os/kernel';
import { program } from './internal/tool.js';
import { utilities } from './utilities/index.js';
import { vsh } from './vsh/vsh.js';

/** For `KernelOptions.programs`. */
export const programs: Readonly<Record<string, TaskMain>> = {
  ...Object.fromEntries(utilities.map((utility) => [utility.name, program(utility)])),
  vsh,
};

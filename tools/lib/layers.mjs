/**
 * The house as a table: what each layer may import, and where host APIs may appear. A package names its layer in
 * package.json (`"veridian": { "layer": "subsystem" }`). See docs/architecture.md.
 */
export const MAY_IMPORT = {
  abi: [],
  assembler: ['abi'],
  hal: ['abi', 'assembler'],
  subsystem: ['abi'],
  hostcall: ['abi', 'assembler'],
  device: ['abi', 'hal'],
  machine: ['abi', 'assembler', 'hal', 'hostcall', 'device'],
  kernel: ['abi', 'hal', 'subsystem'],
  personality: ['abi', 'assembler', 'hal', 'subsystem', 'kernel'],
  front: ['abi', 'assembler', 'hal', 'subsystem', 'machine', 'kernel', 'personality'],
  cli: ['abi', 'hal', 'subsystem', 'device', 'machine', 'kernel', 'personality', 'front'],
};

/** Layers that may talk to their host, in `src/host/` only; `cli` and packages with `"host": true` may everywhere. */
const HAS_HOST_FOLDER = new Set(['machine', 'kernel', 'front']);

/** @param file path below the package, such as `src/host/clock.ts` */
export function isHostCode({ layer, host }, file) {
  return layer === 'cli' || host === true || (HAS_HOST_FOLDER.has(layer) && file.startsWith('src/host/'));
}

/** Third-party modules that kits may import, and nothing else of a package. */
export const KIT_MODULES = new Set(['fast-check']);
export const isKit = (file) => file === 'src/testing.ts' || file.startsWith('src/testing/');

/** Globals that reach a clock, randomness, input, output or the host. */
export const HOST_GLOBALS = new Set(
  [
    'process Buffer require module __dirname __filename global globalThis window self document navigator location console',
    'setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate queueMicrotask requestAnimationFrame',
    'Date performance crypto fetch XMLHttpRequest WebSocket Worker MessageChannel BroadcastChannel postMessage',
    'localStorage sessionStorage indexedDB eval Function Intl alert prompt',
  ]
    .join(' ')
    .split(' '),
);

/** Members of pure globals that are not pure. */
export const HOST_MEMBERS = { Math: new Set(['random']) };

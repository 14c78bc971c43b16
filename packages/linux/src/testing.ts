/** For tests of programs' behaviour: a program whose system calls come from a generator. */
export {
  DATA,
  DATA_BYTES,
  Guest,
  HANDLER,
  RESTORER,
  SCRIPT_HANDLER,
  WILD,
  runScript,
  type CallRequest,
  type Script,
  type ScriptOptions,
  type ScriptResult,
} from './testing/scripted.js';
export { TinyMachine, type PlannedTrap } from './testing/tiny-machine.js';

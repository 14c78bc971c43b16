export { resourceCounts, type ResourceCounts } from './testing/resource-counts.js';
export { runProgram, type ProgramRequest, type ProgramResult } from './testing/run-program.js';
export {
  personalityKit,
  type PersonalityFixture,
  type PersonalityPrograms,
  type Runner,
} from './testing/personality-kit.js';

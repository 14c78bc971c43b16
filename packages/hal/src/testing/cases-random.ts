/** Random page-table edits and random programs, compared with naive models of them. */
import type { CaseGroup } from './case-group.js';
import { randomEditCases } from './cases-random-edits.js';
import { randomProgramCases } from './cases-random-programs.js';

export const randomCases: CaseGroup = (tools) => {
  randomEditCases(tools);
  randomProgramCases(tools);
};

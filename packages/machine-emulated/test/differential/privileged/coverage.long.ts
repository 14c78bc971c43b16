/** The differential test has no holes: every instruction retired somewhere, every trap went every way it can. */
import { describe, expect, it } from '@jest/globals';
import { collectCoverage, holes } from './coverage-report.js';
import { Coverage } from './coverage.js';
import { findPrivilegedOracle, needsOracle } from './run.js';

const oracle = findPrivilegedOracle();
const describeWithQemu = needsOracle(oracle) ? describe : describe.skip;

describeWithQemu('coverage', () => {
  it('every instruction and every trap was compared', () => {
    expect(holes(collectCoverage(oracle!, [1]))).toEqual([]);
  });
});

it('nothing covered is nothing but holes', () => {
  expect(holes(new Coverage()).length).toBeGreaterThan(200);
});

/**
 * No output is lost, with each way to start a program and each pair of outputs. OUTPUT_TABLE=all makes every combination
 * of these with inputs and endings.
 */
import { describe } from 'vitest';
import { testOutputs } from '../integration/output/table.js';

describe('a program writes the same output under a profile as without', () => {
  testOutputs(process.env['OUTPUT_TABLE'] === 'all' ? 'all' : 'pairs');
});

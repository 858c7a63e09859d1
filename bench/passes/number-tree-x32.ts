/** x86_64 and x32 without the pass that lets them share a tree: the numbers of both are ranges of one tree. */
export { buildNumberTree as buildSharedTree } from '../../lib/filter/optimize/number-tree.js';

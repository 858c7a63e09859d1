/** Every code block of docs/ does what the page says; the suite has README.md. */
import { PAGES } from '../support/docs/pages.js';
import { testBlocksOf } from '../support/docs/test-blocks.js';

testBlocksOf(PAGES.filter((page) => page !== 'README.md'));

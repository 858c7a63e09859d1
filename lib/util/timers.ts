/**
 * The platform's timers, as they are when the package is imported. A limit must hold even if the program replaces the global
 * ones later, as tests with fake timers do; these replace the properties of node:timers as well.
 */
import * as timers from 'node:timers';

export const { clearTimeout, setImmediate, setTimeout } = timers;

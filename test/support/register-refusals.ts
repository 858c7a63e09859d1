/** What `seccomp/register` says in an environment that it refuses. */
import { evaluateScript } from './scripts.js';

/**
 * Requires `seccomp/register` in one Node with each of these environments, and returns the messages; null if it refused
 * nothing.
 */
export function registerRefusals(environments: readonly Readonly<Record<string, string>>[]): unknown {
  return evaluateScript(`
    process.exit = () => {}; // A failure is then an exception.
    const file = require.resolve('seccomp/register');
    const inherited = { ...process.env };
    return ${JSON.stringify(environments)}.map((environment) => {
      process.env = { ...inherited, ...environment };
      delete require.cache[file];
      try { require(file); return null; } catch ({ message }) { return message; }
    });`);
}

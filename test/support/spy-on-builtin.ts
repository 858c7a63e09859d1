import { syncBuiltinESMExports } from 'node:module';
import { onTestFinished, vi } from 'vitest';

/** `vi.spyOn` of a module of Node's, as it is imported by default: for all that import its functions, until the test ends. */
export const spyOnBuiltin = ((module: Record<string, () => unknown>, name: string) => {
  const spy = vi.spyOn(module, name);
  syncBuiltinESMExports();
  onTestFinished(() => {
    spy.mockRestore();
    syncBuiltinESMExports();
  });
  return spy;
}) as typeof vi.spyOn;

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

/**
 * Loads a module that keeps functions of Node's as it finds them: an instance of its own, which finds `value`.
 *
 * @param load - Imports the module, whose path has a query.
 */
export async function loadWith<Module>(
  builtin: object,
  name: string,
  value: unknown,
  load: () => Promise<Module>,
): Promise<Module> {
  const original: unknown = Reflect.get(builtin, name);
  Reflect.set(builtin, name, value);
  syncBuiltinESMExports();
  try {
    return await load();
  } finally {
    Reflect.set(builtin, name, original);
    syncBuiltinESMExports();
  }
}

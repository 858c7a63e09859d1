/** Parts of Node that only some uses need. Importing them would take longer than importing all of this package. */
export const asyncHooks = once(() => process.getBuiltinModule('node:async_hooks'));
export const childProcess = once(() => process.getBuiltinModule('node:child_process'));
export const diagnostics = once(() => process.getBuiltinModule('node:diagnostics_channel'));
export const net = once(() => process.getBuiltinModule('node:net'));
export const os = once(() => process.getBuiltinModule('node:os'));
export const stream = once(() => process.getBuiltinModule('node:stream'));
export const zlib = once(() => process.getBuiltinModule('node:zlib'));

/** Each start uses several of them, and asking Node again takes as long as some calls of its child. */
function once<Module>(load: () => Module): () => Module {
  let loaded: Module | undefined;
  return () => {
    loaded ??= load();
    return loaded;
  };
}

/** Parts of Node that only some uses need. Importing them would take longer than importing all of this package. */
export const childProcess = () => process.getBuiltinModule('node:child_process');
export const diagnostics = () => process.getBuiltinModule('node:diagnostics_channel');
export const net = () => process.getBuiltinModule('node:net');
export const stream = () => process.getBuiltinModule('node:stream');
export const zlib = () => process.getBuiltinModule('node:zlib');

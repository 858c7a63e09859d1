module.exports = {
  mode: 'production',
  target: 'node',
  entry: './program.mjs',
  output: { filename: 'bundle.cjs' },
  externals: { seccomp: 'commonjs seccomp' },
};

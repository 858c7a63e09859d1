export default {
  input: 'program.mjs',
  output: { file: 'dist/bundle.mjs' },
  external: ['seccomp', /^node:/],
};

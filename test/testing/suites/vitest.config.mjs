import { fileURLToPath } from 'node:url';

export default {
  test: {
    root: fileURLToPath(new URL('.', import.meta.url)),
    include: ['vitest.suite.mjs'],
    server: { deps: { external: [/dist/] } },
  },
};

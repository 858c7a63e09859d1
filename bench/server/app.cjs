// app.cjs FRAMEWORK PACKAGES DATA: a server of express or fastify, from the node_modules of PACKAGES. For each request, it reads a
// file of its own, and appends a line to a file in DATA.
const { appendFile, readFile } = require('node:fs/promises');
const { createRequire } = require('node:module');
const { join } = require('node:path');

const [framework, packages, data] = process.argv.slice(2);
const requireFrom = createRequire(join(packages, 'package.json'));
const file = join(__dirname, 'package.json');
const log = join(data, 'requests.log');

async function answer() {
  const [text] = await Promise.all([readFile(file, 'utf8'), appendFile(log, 'GET /\n')]);
  return { hello: 'world', length: text.length };
}

function listen() {
  if (framework === 'fastify') {
    const app = requireFrom('fastify')();
    app.get('/', answer);
    return app.listen({ port: 0, host: '127.0.0.1' }).then(() => app.server);
  }
  const app = requireFrom('express')();
  app.get('/', async (_, response) => response.json(await answer()));
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve(server));
  });
}

process.once('SIGTERM', () => process.exit(0));
listen().then((server) => console.log(`listening on ${server.address().port}`));

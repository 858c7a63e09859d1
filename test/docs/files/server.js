/** A server that serves one request, its own, and ends. */
import { createServer } from 'node:http';

const server = createServer((_, response) => response.end('hello\n')).listen(0, async () => {
  const { port } = server.address();
  console.log(await (await fetch(`http://localhost:${port}`)).text());
  server.close();
});

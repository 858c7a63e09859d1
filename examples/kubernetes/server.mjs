// The server of the container. SIGTERM, which Kubernetes sends first, ends it when its clients are served.
import { createServer } from 'node:http';

const server = createServer((_request, response) => response.end('hello\n'));
server.listen(process.env.PORT ?? 8080, () => console.log(`listening on ${server.address().port}`));
process.on('SIGTERM', () => server.close());

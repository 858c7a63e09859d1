/** A client that keeps its server in a field, with the type that spawn returns without stdio. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';

class Client {
  #server: ChildProcessWithoutNullStreams | undefined;
  readonly #env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  start(): void {
    this.#server = spawn('cat', [], { env: this.#env, cwd: process.cwd() });
    this.#server.on('error', (error) => console.error(error.message));
    this.#server.stderr.pipe(process.stderr);
  }

  async request(body: string): Promise<string> {
    if (!this.#server) throw new Error('not started');
    const { stdin, stdout } = this.#server;
    stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    const [answer]: Buffer[] = await once(stdout, 'data');
    return String(answer);
  }

  stop(): void {
    this.#server?.stdin.end();
  }
}

export async function use() {
  const client = new Client({ ...process.env });
  client.start();
  const answer = await client.request('{"method":"initialize"}');
  client.stop();
  return answer;
}

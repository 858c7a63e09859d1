/** A pool of one worker, whose messages are structured clones. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

interface Answer {
  id: number;
  result: number;
  seen: Set<number>;
}

class Worker {
  readonly #pending = new Map<number, (answer: Answer) => void>();
  readonly #process: ChildProcess;
  #next = 0;

  constructor(file: string) {
    this.#process = fork(file, [], { serialization: 'advanced', execArgv: [] });
    this.#process.on('message', (message) => {
      const answer = message as Answer;
      this.#pending.get(answer.id)?.(answer);
      this.#pending.delete(answer.id);
    });
  }

  square(value: number): Promise<Answer> {
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#pending.set(id, resolve);
      this.#process.send({ id, value });
    });
  }

  end(): void {
    this.#process.disconnect();
  }
}

export async function use() {
  const worker = new Worker(fileURLToPath(new URL('../children/worker.mjs', import.meta.url)));
  const answers = await Promise.all([worker.square(3), worker.square(4)]);
  worker.end();
  return answers;
}

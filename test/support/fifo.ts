/** A named pipe, by which a test and the programs that it starts wait for each other. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * Carries lines either to the test or to a program. The test keeps both ends open, so opening the pipe blocks neither
 * of them, and it has no end.
 */
export class Fifo implements Disposable {
  readonly path: string;
  readonly #descriptor: number;
  #socket: Socket | undefined;
  #lines: AsyncIterator<string> | undefined;

  constructor(path: string) {
    execFileSync('mkfifo', [path]);
    this.path = path;
    this.#descriptor = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  }

  /** The next line that a program writes. */
  async line(): Promise<string> {
    this.#socket ??= new Socket({ fd: this.#descriptor });
    this.#lines ??= createInterface(this.#socket)[Symbol.asyncIterator]();
    return (await this.#lines.next()).value;
  }

  /** Lets a program that reads a line go on. */
  go(): void {
    writeSync(this.#descriptor, '\n');
  }

  [Symbol.dispose](): void {
    if (this.#socket === undefined) closeSync(this.#descriptor);
    else this.#socket.destroy();
  }
}

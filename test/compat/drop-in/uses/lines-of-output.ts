/** Reads output line by line while the program runs. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

async function* lines(command: string, ...args: string[]): AsyncGenerator<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout, crlfDelay: Infinity })) yield line;
}

export async function use() {
  const read: string[] = [];
  for await (const line of lines('printf', 'one\ntwo\n')) read.push(line.toUpperCase());
  return read;
}

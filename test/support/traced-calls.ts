/** Reads the output of strace. */

/** A call in a trace. */
export interface TracedCall {
  readonly thread: number;
  readonly name: string;
  /** The line of strace. */
  readonly text: string;
  /** Its position among the calls of this name by its thread. */
  readonly when: number;
  /** Whether its thread has executed a program before. */
  readonly executed: boolean;
  /** The number of earlier calls of kill(2) by its thread, by which faults.mjs marks the steps of a start. */
  readonly marks: number;
  /** Whether strace made it fail. */
  readonly injected: boolean;
}

/**
 * The lines of a trace. One that strace printed in two parts, since another thread made a call, is put together. If strace
 * traces a single thread, no line names it.
 */
function linesOf(trace: string, single: number): readonly (readonly [thread: number, text: string])[] {
  const lines: [number, string][] = [];
  const unfinished = new Map<number, [number, string]>();
  for (const line of trace.split('\n')) {
    const [, number = single, text = ''] = /^(?:(\d+) +)?(.*)/.exec(line) ?? [];
    const thread = Number(number);
    const begun = unfinished.get(thread);
    if (begun !== undefined && text.startsWith('<... ')) begun[1] += text;
    else lines.push([thread, text]);
    if (text.endsWith('<unfinished ...>')) unfinished.set(thread, lines.at(-1) as [number, string]);
    else unfinished.delete(thread);
  }
  return lines;
}

/** The calls in a trace, in the order in which they began. `single` is the thread if strace traced only one. */
export function callsIn(trace: string, single: number): readonly TracedCall[] {
  const counts = new Map<string, number>();
  const executed = new Set<number>();
  return linesOf(trace, single).flatMap(([thread, text]) => {
    const ofProgram = executed.has(thread);
    if (/^execve(at)?\(.* = 0$/.test(text)) executed.add(thread);
    const [name] = /^\w+(?=\()/.exec(text) ?? [];
    if (name === undefined) return [];
    const when = (counts.get(`${thread} ${name}`) ?? 0) + 1;
    counts.set(`${thread} ${name}`, when);
    const marks = counts.get(`${thread} kill`) ?? 0;
    const injected = text.endsWith('(INJECTED)');
    return [{ thread, name, text, when, executed: ofProgram, marks, injected }];
  });
}

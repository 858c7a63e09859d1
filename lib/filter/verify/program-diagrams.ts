/** Programs as decision diagrams: the return value from an instruction on, for all calls. */

import { type Diagram, type Diagrams, FALSE } from '../../policy/diagrams/decision-diagram.js';
import { MAX_WORD } from '../../policy/words.js';
import type { Abi } from '../../syscalls/abi.js';
import { argumentError } from '../../util/node-error.js';
import { BPF, gateHalfOffset, type Instruction, instructionAt, nextOf } from '../bpf/instruction.js';
import { gateHalfDiagram, levelOf, testDiagram } from './program-bits.js';

/** A program that passed the kernel's checks. */
export interface CheckedProgram {
  readonly instructions: readonly Instruction[];
  /** The instructions that test a half of the exec gate's value, and which half. */
  readonly gate: ReadonlyMap<number, number>;
  readonly endian: Abi['endian'];
}

/** The accumulator: a word of the call, ANDed with `mask`. */
export interface Held {
  readonly offset: number;
  readonly mask: number;
}

/** The initial value of the accumulator. */
export const ZERO: Held = { offset: 0, mask: 0 };

/** The accumulator after an instruction. */
export function heldAfter(held: Held, { code, k }: Instruction): Held {
  if (code === BPF.ld) return { offset: k, mask: MAX_WORD };
  return code === BPF.and ? { ...held, mask: (held.mask & k) >>> 0 } : held;
}

interface State {
  readonly at: number;
  readonly held: Held;
}

/** Builds the diagrams of a program, for one entry instruction at a time. */
export class ProgramDiagrams {
  readonly #program: CheckedProgram;
  readonly #diagrams: Diagrams;
  /** By instruction and accumulator. */
  readonly #known = new Map<string, Diagram>();

  constructor(program: CheckedProgram, diagrams: Diagrams) {
    this.#program = program;
    this.#diagrams = diagrams;
  }

  /** The return value from an instruction on. The accumulator must be 0 or not matter there. */
  from(at: number): Diagram {
    const start = { at, held: ZERO };
    const stack: State[] = [start];
    for (let state = stack.at(-1); state !== undefined; state = stack.at(-1)) {
      const open = this.#known.has(keyOf(state)) ? [] : this.#read(state);
      if (open.length === 0) stack.pop();
      else stack.push(...open);
    }
    return this.#known.get(keyOf(start)) ?? FALSE;
  }

  /** Builds the diagram of a state. If successors have no diagram yet, returns these instead. */
  #read(state: State): readonly State[] {
    const { at, held } = state;
    const instruction = instructionAt(this.#program.instructions, at);
    const after = heldAfter(held, instruction);
    const next = nextOf(instruction, at).map((to) => ({ at: to, held: after }));
    const open = next.filter((each) => !this.#known.has(keyOf(each)));
    if (open.length > 0) return open;
    const [yes = this.#diagrams.constant(instruction.k), no] = next.flatMap(
      (each) => this.#known.get(keyOf(each)) ?? [],
    );
    this.#known.set(
      keyOf(state),
      no === undefined ? yes : this.#diagrams.choose(this.#test(state, instruction), yes, no),
    );
    return [];
  }

  #test({ at, held }: State, instruction: Instruction): Diagram {
    const half = gateHalfAt(this.#program, at, held);
    if (half !== undefined) return gateHalfDiagram(half, this.#diagrams);
    return testDiagram(levelOf(held.offset, this.#program.endian), held.mask, instruction, this.#diagrams);
  }
}

/**
 * The half of the gate's value that an instruction tests; undefined if it tests none.
 * @throws {RangeError} if the word in the accumulator is not the one that carries this half.
 */
export function gateHalfAt({ gate, endian }: CheckedProgram, at: number, { offset, mask }: Held): number | undefined {
  const half = gate.get(at);
  if (half === undefined) return undefined;
  if (offset === gateHalfOffset(half, endian) && mask === MAX_WORD) return half;
  throw argumentError(
    'range',
    `instruction ${at} of the exec gate tests another word than that of its half of the value`,
  );
}

function keyOf({ at, held: { offset, mask } }: State): string {
  return `${at} ${offset} ${mask}`;
}

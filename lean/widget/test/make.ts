import type { Answer, Props, Step, StepScore } from '../src/protocol'

/** Steps at the given places; each ends on its own line unless another last line is given. */
export const steps = (...places: [tactic: string, line: number, character: number, lastLine?: number][]): Step[] =>
  places.map(([tactic, line, character, lastLine = line]) => ({
    tactic,
    range: { start: { line, character }, end: { line: lastLine, character: character + tactic.length } },
  }))

export const props = (proof: string, tactics: string[]): Props => ({
  proof,
  name: 'foo',
  steps: steps(...tactics.map((tactic, i): [string, number, number] => [tactic, i + 1, 2])),
  critique: true,
})

export const score = (index: number, value: number | null, more: Partial<StepScore> = {}): StepScore => ({
  index,
  status: value === null ? 'waiting' : 'scored',
  value,
  message: null,
  dimensions: value === null ? [] : [{ name: 'logic', expected: 1 + 4 * value, spread: 0.5, mass: 0.99, distribution: [[1, 1 - value], [5, value]] }],
  critique: '',
  critiqueDone: false,
  ...more,
})

export type Known = Extract<Answer, { known: true }>

export const answer = (revision: number, more: Partial<Known> = {}): Known => ({
  known: true,
  revision,
  phase: 'scoring',
  model: 'a-model',
  scale: [1, 5],
  error: null,
  steps: [],
  ...more,
})

/** What the Lean side sends: the widget's props and the answers of `Eva.Panel.poll` (lean/Eva/Panel.lean). */

export interface Place {
  line: number
  /** UTF-16 code units, as everywhere in LSP. */
  character: number
}

/** A step as the file has it; where it stands, and its text. */
export interface Step {
  tactic: string
  range: { start: Place; end: Place }
}

export interface Props {
  /** Changes with the content of the steps and with the options. */
  proof: string
  /** The declaration; `""` for an example. */
  name: string
  steps: Step[]
  /** Whether critiques are wanted (option `eva.critique`). */
  critique: boolean
}

export type Status = 'waiting' | 'scored' | 'off_format' | 'too_long'

export interface Dimension {
  name: string
  expected: number
  spread: number
  /** The probability that the full vocabulary gave to the anchors. */
  mass: number
  distribution: [anchor: number, probability: number][]
}

export interface StepScore {
  index: number
  status: Status
  value: number | null
  message: string | null
  dimensions: Dimension[]
  critique: string
  critiqueDone: boolean
}

/** Why there are no scores: a `ClientError` of lean/Eva/Client/Error.lean. */
export interface ClientError {
  /** The constructor. */
  kind: string
  /** The daemon's code, where `kind` is `failed`. */
  code?: string
  what: string
  remedy: string
}

export interface Question {
  proof: string
  /** The newest revision that the panel knows; 0 is answered at once, with everything. */
  seen: number
  /** The step whose critique is looked at. */
  step: number | null
  /** Start anew what has failed. */
  retry: boolean
}

export type Answer =
  | { known: false }
  | {
      known: true
      revision: number
      phase: 'scoring' | 'done' | 'failed'
      model: string | null
      /** The first and the last anchor. */
      scale: [number, number] | null
      error: ClientError | null
      /** Those that changed since `seen`. */
      steps: StepScore[]
    }

export const METHOD = 'Eva.Panel.poll'

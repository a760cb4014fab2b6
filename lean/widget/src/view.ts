import type { Answer, ClientError, Dimension, Props, Status, Step } from './protocol'
import { sameSteps } from './steps'

/** What is shown of a step. */
export interface StepView {
  status: Status
  value: number | null
  message: string | null
  dimensions: Dimension[]
  critique: string
  critiqueDone: boolean
  /** The numbers are earlier ones (from before an edit); new ones are awaited. */
  oldNumbers: boolean
  /** The words are earlier ones. */
  oldCritique: boolean
}

/** What is shown of a proof. */
export interface View {
  proof: string
  revision: number
  phase: 'scoring' | 'done' | 'failed' | 'unknown'
  model: string | null
  /** What went wrong. It stays while the panel tries again, until something has come of it. */
  error: ClientError | null
  /** What Lean's own server said instead of an answer. */
  silence: string | null
  steps: StepView[]
}

const NOTHING: StepView = {
  status: 'waiting',
  value: null,
  message: null,
  dimensions: [],
  critique: '',
  critiqueDone: false,
  oldNumbers: false,
  oldCritique: false,
}

/** A proof of which nothing has come yet, with what is `remembered` of it from before an edit. */
export function begin(props: Props, remembered?: { view: View; steps: Step[] }): View {
  if (remembered?.view.proof === props.proof && remembered.steps.length === props.steps.length) return remembered.view
  const was = remembered ? sameSteps(remembered.steps, props.steps) : props.steps.map(() => null)
  const steps = was.map(i => {
    const old = i === null ? undefined : remembered?.view.steps[i]
    return old ? { ...old, oldNumbers: old.status !== 'waiting', oldCritique: old.critique !== '' } : NOTHING
  })
  const model = remembered?.view.model ?? null
  return { proof: props.proof, revision: 0, phase: 'scoring', model, error: null, silence: null, steps }
}

/** Whether an answer has numbers or words that were not shown before. */
export function bringsNews(view: View, answer: Answer): boolean {
  return answer.known && answer.steps.some(({ index, status, critique, critiqueDone }) => {
    const old = view.steps[index]
    if (!old) return false
    const numbers = status !== 'waiting' && (old.status === 'waiting' || old.oldNumbers)
    const some = critique !== '' || critiqueDone
    return numbers || (some && (old.oldCritique || critique !== old.critique || critiqueDone !== old.critiqueDone))
  })
}

/** What is shown after an answer; `step` and `critique` as in `next`. */
export function merge(view: View, answer: Answer, step: number | null = null, critique = false): View {
  if (!answer.known) return { ...view, phase: 'unknown', error: null, silence: null }
  const steps = [...view.steps]
  for (const { index, ...news } of answer.steps) {
    const old = steps[index]
    if (!old) continue
    const oldNumbers = news.status === 'waiting' && old.status !== 'waiting'
    const oldCritique = news.critique === '' && !news.critiqueDone && old.critique !== ''
    const { status, value, message, dimensions } = oldNumbers ? old : news
    const { critique, critiqueDone } = oldCritique ? old : news
    steps[index] = { status, value, message, dimensions, critique, critiqueDone, oldNumbers, oldCritique }
  }
  const { revision, phase, error } = answer
  const shown: View = { proof: view.proof, revision, phase, model: answer.model ?? view.model, error, silence: null, steps }
  const trying = !error && !bringsNews(view, answer) && next(shown, step, critique) === 'ask'
  return trying ? { ...shown, error: view.error } : shown
}

/** What the panel does after an answer: ask on, ask again later (something failed), or rest. */
export type Next = 'ask' | 'retry' | 'rest'

export function next(view: View, step: number | null, critique: boolean): Next {
  if (view.phase === 'unknown') return 'retry'
  if (view.phase === 'failed') return view.error && mendsItself(view.error) ? 'retry' : 'rest'
  if (view.phase === 'scoring') return 'ask'
  const current = step === null ? undefined : view.steps[step]
  const hasWords = current?.status === 'scored' || current?.status === 'off_format'
  return critique && hasWords && !(current.critiqueDone && !current.oldCritique) ? 'ask' : 'rest'
}

/** Whether the same question may have an answer in a moment; what the model could not do, it will not do then. */
export function mendsItself({ kind, code }: ClientError): boolean {
  return kind === 'failed' ? code === 'busy' : kind !== 'deadline' && kind !== 'badRequest'
}

/** Whether something is in the way of scores. */
export const inTrouble = ({ error, silence, phase }: View): boolean => error !== null || silence !== null || phase === 'unknown'

/** The step with the lowest value, once every step has an answer and there are two values to compare. */
export function lowestStep(steps: readonly StepView[]): number | null {
  if (steps.some(step => step.status === 'waiting')) return null
  const scored = steps.flatMap(({ status, value }, index) =>
    status === 'scored' && value !== null ? [{ index, value }] : [])
  if (scored.length < 2) return null
  return scored.reduce((lowest, other) => (other.value < lowest.value ? other : lowest)).index
}

import type { ClientError, Step } from './protocol'
import type { StepView, View } from './view'

export const twoDigits = (x: number): string => x.toFixed(2)

/** The first line of a tactic, for labels. */
export const brief = (tactic: string): string => {
  const [first = '', ...rest] = tactic.trim().split('\n')
  return rest.length > 0 ? `${first.trimEnd()} …` : first
}

/** The lowest anchor mass of a step's dimensions. */
export const lowestMass = ({ dimensions }: StepView): number => Math.min(...dimensions.map(({ mass }) => mass))

/** A step's value in words: never a bare number where it needs a reservation. */
export function valueInWords({ status, value, oldNumbers }: StepView): string {
  switch (status) {
    case 'waiting':
      return 'not scored yet'
    case 'too_long':
      return 'too long for the model'
    default: {
      const number = value === null ? 'no value' : `value ${twoDigits(value)}`
      const format = status === 'off_format' ? ', off format' : ''
      return `${number}${format}${oldNumbers ? ', from earlier' : ''}`
    }
  }
}

/** How far the scoring is. */
export function progress({ phase, steps, error, silence }: View): string {
  if (silence !== null) return 'no answer from Lean'
  if (phase === 'unknown') return 'not recorded'
  const answered = steps.filter(step => step.status !== 'waiting' && !step.oldNumbers).length
  if (error) return answered > 0 ? `${answered} of ${steps.length} scored` : 'no scores'
  return phase === 'scoring' ? `scoring ${answered} of ${steps.length} …` : ''
}

const HEADINGS: Record<string, string> = {
  missing: 'No daemon is running',
  noHome: 'The daemon cannot be found',
  malformed: 'The connection file cannot be used',
  unsafeFile: 'The connection file cannot be trusted',
  stale: 'The daemon has ended',
  needsCurve: 'The daemon is out of reach',
  unreachable: 'The daemon does not answer',
  noHandshake: 'The daemon does not answer',
  wrongToken: 'The daemon refused the token',
  notDaemon: 'That is no eva daemon',
  lost: 'The connection was lost',
  badRequest: 'The proof cannot be sent',
  deadline: 'Not done in time',
  cancelled: 'Cancelled',
}

const CODES: Record<string, string> = {
  busy: 'The daemon is busy',
  model_error: 'The model failed',
  too_large: 'Too much at once',
  unsupported_version: 'Two versions of eva',
}

export const heading = ({ kind, code }: ClientError): string =>
  (kind === 'failed' ? CODES[code ?? ''] : HEADINGS[kind]) ?? 'No scores'

/** With a capital at its beginning and a full stop at its end, unless a command stands there. */
export const sentence = (text: string): string =>
  text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?…']$/.test(text) ? '' : '.')

/** A text in which 'commands' stand in single quotes, in pieces. */
export const withCommands = (text: string): { text: string; command: boolean }[] =>
  text
    .split(/'(eva [^']*)'/)
    .map((piece, i) => ({ text: piece, command: i % 2 === 1 }))
    .filter(piece => piece.text !== '')

/** A step with its scores and its critique, as text to paste elsewhere. */
export function asText(name: string, step: Step, index: number, count: number, shown: StepView, model: string | null): string {
  const place = `step ${index + 1} of ${count}, line ${step.range.start.line + 1}`
  const lines = [step.tactic, name ? `${name}, ${place}` : place, '', valueInWords(shown)]
  if (shown.message) lines.push(shown.message)
  for (const { name: dimension, expected, spread, mass } of shown.dimensions) {
    lines.push(`${dimension} ${twoDigits(expected)} ± ${twoDigits(spread)} (anchor mass ${twoDigits(mass)})`)
  }
  if (shown.critique) {
    const reservation = shown.oldCritique ? ', from earlier' : shown.critiqueDone ? '' : ', not finished'
    lines.push('', `Critique, the opinion of ${model ?? 'the model'}${reservation}: ${shown.critique}`)
  }
  return `${lines.join('\n')}\n`
}

import type { Step } from './protocol'
import { Dimensions } from './dimensions'
import { Gauge } from './gauge'
import type { StepView } from './view'
import { lowestMass, twoDigits } from './words'

interface Props {
  step: Step
  index: number
  count: number
  shown: StepView
  model: string | null
  lowest: boolean
  /** Whether a critique is wanted. */
  critique: boolean
  /** What was last copied is this. */
  copied: boolean
  copy(): void
}

/** The step at the cursor: its value, its dimensions, and the model's words about it. */
export function StepCard({ step, index, count, shown, model, lowest, critique, copied, copy }: Props) {
  const { status } = shown
  const place = `step ${index + 1} of ${count}${lowest ? ' · lowest' : ''}`
  return (
    <>
      <div className="eva-head">
        <Gauge shown={shown} />
        <div className="eva-title">
          <div className="eva-tactic">{step.tactic}</div>
          <div className="eva-row eva-small">
            <span className="eva-quiet">{place}</span>
            <button type="button" className="eva-button" aria-label="copy scores and critique" onClick={copy}>
              {copied ? 'copied' : 'copy'}
            </button>
          </div>
        </div>
      </div>
      {status === 'off_format' && (
        <div className="eva-small">
          The model did not write a score in its format here (anchor mass {twoDigits(lowestMass(shown))}): do not rely on these numbers.
        </div>
      )}
      {status === 'too_long' && (
        <div><span className="eva-tag eva-small">too long</span> {shown.message ?? 'This step does not fit the model.'}</div>
      )}
      <Dimensions shown={shown} />
      {shown.oldNumbers && <div className="eva-small eva-quiet">Scores from earlier; new ones are awaited.</div>}
      {critique && status !== 'too_long' && <Critique shown={shown} model={model} />}
    </>
  )
}

/** The model's words, as text: whatever they contain, nothing of it is markup. */
function Critique({ shown, model }: { shown: StepView; model: string | null }) {
  const { critique, critiqueDone, oldCritique } = shown
  if (critique === '' && critiqueDone) return null
  const state = oldCritique ? 'from earlier' : critiqueDone ? '' : critique === '' ? 'awaited …' : 'writing …'
  return (
    <section aria-label="critique">
      <div className="eva-row eva-small eva-quiet">
        <span title="Whether a step is accepted, Lean alone says.">Critique, the opinion of {model ?? 'the model'}</span>
        <span>{state}</span>
      </div>
      <p className={`eva-critique${oldCritique ? ' eva-old' : ''}`} aria-live="polite" aria-busy={!critiqueDone}>{critique || ' '}</p>
    </section>
  )
}

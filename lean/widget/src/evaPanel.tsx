/**
 * What eva shows in the infoview, beside the proof: the value of the step at the cursor, its dimensions, the critique, and
 * the course of the values through the proof. Its Lean half is lean/Eva/Panel.lean.
 *
 * Known limits: steps are places of the file as Lean last saw it, so while the author types they lag behind; the
 * infoview shows the panel only while the cursor is in the proof.
 */
import { useContext, useEffect, useRef, useState } from 'react'
import { EditorContext, type PanelWidgetProps } from '@leanprover/infoview'
import { Course } from './course'
import type { Props } from './protocol'
import { StepCard } from './stepCard'
import { currentStep } from './steps'
import { STYLE } from './style'
import { Trouble } from './trouble'
import { useScores } from './useScores'
import { inTrouble, lowestStep } from './view'
import { asText, progress } from './words'

/** Closed by the author once, it stays closed at the next proof. */
let lastOpen = true

export default function EvaPanel(props: PanelWidgetProps & Props) {
  const { pos, name, steps, critique } = props
  const editor = useContext(EditorContext)
  // The browser opens and closes the element. If React did too, it would take back a press that came before it had drawn the last one.
  const [atFirst] = useState(lastOpen)
  const [open, setOpen] = useState(atFirst)
  const current = currentStep(steps, pos)
  const [view, again] = useScores(pos.uri, props, current, open)
  const [copied, copy] = useCopied(text => void editor.api.copyToClipboard(text))

  const lowest = lowestStep(view.steps)
  const step = current === null ? undefined : steps[current]
  const shown = current === null ? undefined : view.steps[current]
  const text = step && shown && asText(name, step, current!, steps.length, shown, view.model)
  // Trouble alone needs no empty card beside it.
  const silent = inTrouble(view) && view.steps.every(({ status }) => status === 'waiting')
  const go = (index: number): void => {
    const start = steps[index]?.range.start
    if (start) void editor.revealPosition({ uri: pos.uri, line: start.line, character: start.character })
  }

  return (
    <details
      open={atFirst}
      className="eva"
      onToggle={event => {
        lastOpen = event.currentTarget.open
        setOpen(lastOpen)
      }}
    >
      <summary className="mv2 pointer">
        EVA <span className="eva-status eva-small" role="status">{progress(view)}</span>
      </summary>
      <style>{STYLE}</style>
      <div className="eva-body ml1">
        <Trouble view={view} copy={copy} again={again} />
        {silent ? null : step && shown ? (
          <StepCard
            step={step}
            index={current!}
            count={steps.length}
            shown={shown}
            model={view.model}
            lowest={current === lowest}
            critique={critique}
            copied={copied !== null && copied === text}
            copy={() => text && copy(text)}
          />
        ) : (
          <div className="eva-quiet">Put the cursor on a step to see its scores.</div>
        )}
        {!silent && steps.length > 1 && <Course steps={steps} shown={view.steps} current={current} lowest={lowest} go={go} />}
      </div>
    </details>
  )
}

/** What was just copied, for a moment. */
function useCopied(toClipboard: (text: string) => void): [string | null, (text: string) => void] {
  const [copied, setCopied] = useState<string | null>(null)
  const timer = useRef<number>()
  useEffect(() => () => window.clearTimeout(timer.current), [])
  return [copied, text => {
    toClipboard(text)
    setCopied(text)
    window.clearTimeout(timer.current)
    timer.current = window.setTimeout(() => setCopied(null), 1500)
  }]
}

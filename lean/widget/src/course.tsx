import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import type { Step } from './protocol'
import type { StepView } from './view'
import { brief, twoDigits, valueInWords } from './words'

const HEIGHT = 72
const TOP = 8
const BASE = 58
const GUTTER = 14

const y = (value: number): number => BASE - value * (BASE - TOP)

interface Props {
  steps: Step[]
  shown: StepView[]
  current: number | null
  lowest: number | null
  go(index: number): void
}

/**
 * The values through the proof. One stop of the Tab key: the arrow keys, Home and End move from step to step, Enter or a
 * click goes to the step in the file.
 */
export function Course({ steps, shown, current, lowest, go }: Props) {
  const svg = useRef<SVGSVGElement>(null)
  const width = useWidth(svg)
  const [pointed, setPointed] = useState<number | null>(null)
  const [focused, setFocused] = useState(0)
  const count = steps.length
  const slot = (width - GUTTER) / count
  const x = (index: number): number => GUTTER + slot * (index + 0.5)
  const size = Math.min(3, Math.max(1.2, slot / 3))
  const stop = Math.min(focused, count - 1)

  const move = (event: KeyboardEvent, index: number): void => {
    const target = { ArrowRight: index + 1, ArrowDown: index + 1, ArrowLeft: index - 1, ArrowUp: index - 1, Home: 0, End: count - 1 }[event.key]
    if (event.key === 'Enter' || event.key === ' ') go(index)
    else if (target === undefined) return
    else svg.current?.querySelectorAll<SVGGElement>('.eva-step')[Math.min(Math.max(target, 0), count - 1)]?.focus()
    event.preventDefault()
  }

  const label = (index: number): string => {
    const marks = `${index === current ? ', at the cursor' : ''}${index === lowest ? ', lowest' : ''}`
    return `step ${index + 1} of ${count}: ${brief(steps[index]!.tactic)}, ${valueInWords(shown[index]!)}${marks}`
  }

  return (
    <div>
      <svg ref={svg} className="eva-course" height={HEIGHT} role="group" aria-label={`values of the ${count} steps`}>
        {[0, 0.5, 1].map(value => (
          <line key={value} x1={GUTTER} x2={width} y1={y(value)} y2={y(value)} stroke="var(--eva-track)" strokeDasharray={value === 0.5 ? '2 3' : undefined} opacity={0.7} />
        ))}
        {[0, 1].map(value => (
          <text key={value} x={0} y={y(value) + 3.5} fontSize={10} fill="var(--eva-quiet)" aria-hidden="true">{value}</text>
        ))}
        {lines(shown).map(line => (
          <polyline key={line[0]} points={line.map(i => `${x(i)},${y(shown[i]!.value!)}`).join(' ')} fill="none" stroke="var(--eva-ink)" strokeWidth={1.2} opacity={0.7} />
        ))}
        {steps.map((_, i) => (
          <g
            key={i}
            className="eva-step"
            role="button"
            tabIndex={i === stop ? 0 : -1}
            aria-label={label(i)}
            aria-current={i === current ? 'step' : undefined}
            onClick={() => go(i)}
            onKeyDown={event => move(event, i)}
            onFocus={() => { setFocused(i); setPointed(i) }}
            onBlur={() => setPointed(null)}
            onMouseEnter={() => setPointed(i)}
            onMouseLeave={() => setPointed(null)}
          >
            <rect className="eva-hit" x={x(i) - slot / 2} width={slot} y={1} height={HEIGHT - 2} />
            {i === current && <line x1={x(i)} x2={x(i)} y1={2} y2={HEIGHT - 2} stroke="currentColor" opacity={0.7} />}
            <Point shown={shown[i]!} x={x(i)} size={i === current ? Math.max(size, 3) + 1 : size} />
            {i === lowest && <path d={`M ${x(i)} ${BASE + 4} l 5 8 h -10 z`} fill="var(--eva-mark)" />}
          </g>
        ))}
      </svg>
      <div className="eva-small eva-quiet" style={{ minHeight: '1.5em', whiteSpace: 'nowrap', overflow: 'hidden', textOverflow: 'ellipsis' }}>
        {pointed !== null && pointed < count ? (
          <span aria-hidden="true">{label(pointed)}</span>
        ) : lowest === null ? null : (
          <button type="button" className="eva-button" style={{ padding: 0 }} onClick={() => go(lowest)} title={label(lowest)}>
            <svg width={10} height={8} aria-hidden="true"><path d="M 5 0 l 5 8 h -10 z" fill="var(--eva-mark)" /></svg>
            {` lowest ${twoDigits(shown[lowest]!.value!)} · ${brief(steps[lowest]!.tactic)}`}
          </button>
        )}
      </div>
    </div>
  )
}

/** Filled: scored. Hollow: off format, or from earlier. A cross: too long. A stroke on the base: not scored yet. */
function Point({ shown, x, size }: { shown: StepView; x: number; size: number }) {
  const { status, value, oldNumbers } = shown
  if (value !== null) {
    const hollow = status === 'off_format' || oldNumbers
    return (
      <circle cx={x} cy={y(value)} r={size} fill={hollow ? 'var(--vscode-editor-background)' : 'var(--eva-ink)'} stroke="var(--eva-ink)" strokeWidth={1.4}
        strokeDasharray={status === 'off_format' ? '2 1.5' : undefined} />
    )
  }
  if (status === 'too_long') {
    return <path d={`M ${x - 3} ${BASE - 3} l 6 6 m 0 -6 l -6 6`} stroke="currentColor" strokeWidth={1.4} />
  }
  return <line x1={x - size} x2={x + size} y1={BASE} y2={BASE} stroke="currentColor" strokeWidth={2} opacity={0.7} />
}

/** Runs of neighbouring steps that have a value. */
function lines(shown: readonly StepView[]): number[][] {
  const runs: number[][] = [[]]
  shown.forEach(({ value }, i) => {
    if (value === null) runs.push([])
    else runs.at(-1)!.push(i)
  })
  return runs.filter(run => run.length > 1)
}

function useWidth(element: { current: Element | null }): number {
  const [width, setWidth] = useState(260)
  useEffect(() => {
    if (!element.current) return
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.max(60, entry.contentRect.width)))
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [element])
  return width
}

import type { StepView } from './view'
import { twoDigits, valueInWords } from './words'

const RADIUS = 40
const LENGTH = Math.PI * RADIUS
const ARC = `M 8 48 A ${RADIUS} ${RADIUS} 0 0 1 88 48`

/** A step's value on an arc from 0 to 1. A value to be taken with reserve has a broken arc, and says why. */
export function Gauge({ shown }: { shown: StepView }) {
  const { status, value } = shown
  const reserved = status === 'off_format'
  const words = valueInWords(shown)
  const meter = value === null
    ? { role: 'img' }
    : { role: 'meter', 'aria-valuemin': 0, 'aria-valuemax': 1, 'aria-valuenow': value, 'aria-valuetext': words }
  return (
    <div className={`eva-gauge${shown.oldNumbers ? ' eva-old' : ''}`} aria-label={value === null ? words : 'value'} {...meter}>
      <svg viewBox="0 0 96 54" aria-hidden="true">
        <path d={ARC} fill="none" stroke="var(--eva-track)" strokeWidth={2.5} />
        {value !== null && (
          <path
            d={ARC}
            fill="none"
            stroke="var(--eva-ink)"
            strokeWidth={7}
            strokeDasharray={reserved ? dashes(value * LENGTH) : `${value * LENGTH} ${LENGTH}`}
          />
        )}
        <text x={48} y={47} textAnchor="middle" fontSize={21} fill="currentColor" style={{ fontVariantNumeric: 'tabular-nums' }}>
          {value === null ? '–' : twoDigits(value)}
        </text>
      </svg>
      {reserved && <span className="eva-tag eva-small">off format</span>}
    </div>
  )
}

/** A dash pattern that ends at `length`. */
function dashes(length: number): string {
  const whole = Math.floor(length / 6)
  const rest = length - whole * 6
  return `${'4 2 '.repeat(whole)}${Math.min(rest, 4)} ${LENGTH}`
}

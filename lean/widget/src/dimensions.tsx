import { Fragment } from 'react'
import type { Dimension } from './protocol'
import type { StepView } from './view'
import { twoDigits } from './words'

const NAMES = ['logic', 'alignment', 'clarity']

/** The dimensions of a step: how probable each anchor is, and the expected score with its spread. */
export function Dimensions({ shown }: { shown: StepView }) {
  const { dimensions, status } = shown
  if (dimensions.length === 0) {
    return status === 'waiting' ? (
      <div className="eva-dimensions" aria-hidden="true">
        {NAMES.map(name => (
          <Fragment key={name}>
            <span className="eva-quiet">{name}</span>
            <Bars />
            <span className="eva-number eva-quiet">–</span>
          </Fragment>
        ))}
        <span className="eva-ends">&nbsp;</span>
      </div>
    ) : null
  }
  return (
    <div className={`eva-dimensions${shown.oldNumbers ? ' eva-old' : ''}`} role="list" aria-label="expected scores">
      {dimensions.map(dimension => (
        <div key={dimension.name} role="listitem" style={{ display: 'contents' }} aria-label={inWords(dimension)}>
          <span className="eva-quiet">{dimension.name}</span>
          <Bars dimension={dimension} />
          <span className="eva-number" title={inWords(dimension)}>
            {twoDigits(dimension.expected)}
            <span className="eva-quiet"> ±{twoDigits(dimension.spread)}</span>
          </span>
        </div>
      ))}
      <span className="eva-ends eva-quiet" aria-hidden="true">
        <span>{dimensions[0]?.distribution[0]?.[0]}</span>
        <span>{dimensions[0]?.distribution.at(-1)?.[0]}</span>
      </span>
    </div>
  )
}

function inWords({ name, expected, spread, mass, distribution }: Dimension): string {
  const anchors = distribution.map(([anchor, probability]) => `${anchor}: ${Math.round(probability * 100)} %`).join(', ')
  return `${name} ${twoDigits(expected)}, spread ${twoDigits(spread)}, anchor mass ${twoDigits(mass)} (${anchors})`
}

const WIDTH = 120
const HEIGHT = 32
const BASE = 25

/** A bar for each anchor; below them the expected score as a point, and its spread as a line through it. */
function Bars({ dimension }: { dimension?: Dimension }) {
  const anchors = dimension?.distribution ?? [1, 2, 3, 4, 5].map((anchor): [number, number] => [anchor, 0])
  const slot = WIDTH / Math.max(1, anchors.length)
  const gap = Math.min(2, slot / 6)
  const [low, high] = [anchors[0]?.[0] ?? 0, anchors.at(-1)?.[0] ?? 1]
  const x = (score: number): number => slot / 2 + ((Math.min(Math.max(score, low), high) - low) / (high - low || 1)) * (WIDTH - slot)
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      {anchors.map(([anchor, probability], i) => (
        <g key={anchor}>
          <line x1={i * slot + gap} x2={(i + 1) * slot - gap} y1={BASE} y2={BASE} stroke="var(--eva-track)" vectorEffect="non-scaling-stroke" />
          <rect x={i * slot + gap} width={slot - 2 * gap} y={BASE - probability * (BASE - 1)} height={probability * (BASE - 1)} fill="var(--eva-ink)">
            <title>{`${anchor}: ${(probability * 100).toFixed(1)} %`}</title>
          </rect>
        </g>
      ))}
      {dimension && (
        <g stroke="currentColor" strokeWidth={1.5}>
          <line x1={x(dimension.expected - dimension.spread)} x2={x(dimension.expected + dimension.spread)} y1={29.5} y2={29.5} opacity={0.6} vectorEffect="non-scaling-stroke" />
          <line x1={x(dimension.expected)} x2={x(dimension.expected)} y1={27} y2={32} strokeWidth={2.5} vectorEffect="non-scaling-stroke" />
        </g>
      )}
    </svg>
  )
}

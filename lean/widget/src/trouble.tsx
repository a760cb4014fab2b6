import type { ReactNode } from 'react'
import { mendsItself, type View } from './view'
import { heading, withCommands } from './words'

interface Props {
  view: View
  copy(text: string): void
  again(): void
}

/** Why there are no (new) scores, and what to do about it. */
export function Trouble({ view: { error, silence, phase }, copy, again }: Props) {
  if (silence !== null) {
    return <Box title="Lean does not answer" after={<Again again={again}>EVA keeps asking.</Again>}>{silence}</Box>
  }
  if (phase === 'unknown') {
    return (
      <Box title="Lean has not recorded this proof" after={<Again again={again} />}>
        Edit the file, or close and reopen it.
      </Box>
    )
  }
  if (!error) return null
  const wait = mendsItself(error) ? 'EVA looks again every few seconds.' : ''
  return (
    <Box title={heading(error)} after={<Again again={again}>{phase === 'scoring' ? 'Trying again …' : wait}</Again>}>
      {error.what}
      <p>
        {withCommands(error.remedy).map(({ text, command }, i) => command
          ? <Command key={i} text={text} copy={copy} />
          : <span key={i}>{i === 0 ? text.charAt(0).toUpperCase() + text.slice(1) : text}</span>)}
      </p>
    </Box>
  )
}

function Box({ title, children, after }: { title: string; children: ReactNode; after: ReactNode }) {
  return (
    <div className="eva-trouble" role="status">
      <strong>{title}</strong>
      <div>{children}</div>
      {after}
    </div>
  )
}

function Command({ text, copy }: { text: string; copy(text: string): void }) {
  return (
    <>
      <code>{text}</code>{' '}
      <button type="button" className="eva-button eva-small" aria-label={`copy ${text}`} onClick={() => copy(text)}>copy</button>
    </>
  )
}

function Again({ again, children }: { again(): void; children?: ReactNode }) {
  return (
    <div className="eva-row eva-small">
      <span className="eva-quiet">{children}</span>
      <button type="button" className="eva-button" onClick={again}>try again</button>
    </div>
  )
}

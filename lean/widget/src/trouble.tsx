import type { ReactNode } from 'react'
import { mendsItself, type View } from './view'
import { heading, sentence, withCommands } from './words'

interface Props {
  view: View
  copy(text: string): void
  again(): void
}

/** Why there are no (new) scores, and what to do about it. */
export function Trouble({ view: { error, silence, phase }, copy, again }: Props) {
  if (silence !== null) {
    return <Box title="Lean does not answer" again={again} details={sentence(silence)}>EVA keeps asking.</Box>
  }
  if (phase === 'unknown') {
    return <Box title="Lean has not recorded this proof" again={again}>Edit the file, or close and reopen it.</Box>
  }
  if (!error) return null
  // Screen readers say whatever changes here, so what is tried again and again is told in one constant sentence.
  const hope = mendsItself(error) ? ' EVA looks again every few seconds.' : phase === 'scoring' ? ' Trying again …' : ''
  return (
    <Box title={heading(error)} again={again} details={sentence(error.what) + hope}>
      {withCommands(sentence(error.remedy)).map(({ text, command }, i) =>
        command ? <Command key={i} text={text} copy={copy} /> : text)}
    </Box>
  )
}

function Box({ title, again, details, children }: { title: string; again(): void; details?: string; children: ReactNode }) {
  return (
    <div className="eva-trouble" role="status">
      <div className="eva-row">
        <strong>{title}</strong>
        <button type="button" className="eva-button eva-small" onClick={again}>try again</button>
      </div>
      <div>{children}</div>
      {details && <div className="eva-small eva-quiet">{details}</div>}
    </div>
  )
}

function Command({ text, copy }: { text: string; copy(text: string): void }) {
  return (
    <span style={{ whiteSpace: 'nowrap' }}>
      <code>{text}</code>
      <button type="button" className="eva-button eva-small" aria-label={`copy ${text}`} onClick={() => copy(text)}>copy</button>
    </span>
  )
}

import { useEffect, useState } from 'react'
import { useRpcSession, type PanelWidgetProps } from '@leanprover/infoview'
import { METHOD, type Answer, type Props, type StepScore } from './protocol'

export default function EvaPanel({ proof, steps }: PanelWidgetProps & Props) {
  const rpc = useRpcSession()
  const [scores, setScores] = useState<Record<number, StepScore>>({})
  const [said, setSaid] = useState('scoring')
  useEffect(() => {
    let stopped = false
    const poll = async (seen: number): Promise<void> => {
      const answer = await rpc.call<object, Answer>(METHOD, { proof, seen, step: null, retry: false })
      if (stopped) return
      if (!answer.known) return setSaid('unknown')
      setSaid(answer.error ? `${answer.error.what}: ${answer.error.remedy}` : answer.phase)
      setScores(old => ({ ...old, ...Object.fromEntries(answer.steps.map(step => [step.index, step])) }))
      if (answer.phase === 'scoring') await poll(answer.revision)
    }
    poll(0).catch((error: unknown) => !stopped && setSaid(JSON.stringify(error)))
    return () => { stopped = true }
  }, [proof])
  return (
    <details open>
      <summary className="mv2 pointer">EVA</summary>
      <div className="ml1">
        <div>{said}</div>
        {steps.map((step, i) => <div key={i}>{scores[i]?.value?.toFixed(2) ?? '–'} {step.tactic}</div>)}
      </div>
    </details>
  )
}

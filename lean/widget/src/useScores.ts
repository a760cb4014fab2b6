import { useEffect, useRef, useState } from 'react'
import { useRpcSession } from '@leanprover/infoview'
import { converse } from './poll'
import { METHOD, type Answer, type Props, type Question } from './protocol'
import { placeOf, recall, remember } from './memory'
import { begin, bringsNews, merge, next, type View } from './view'

/** Infoviews since 0.10 can cancel a call; older ones leave out the last argument, and the server answers within two seconds. */
interface Session {
  call(method: string, params: Question, options?: { abortSignal: AbortSignal; autoCancel: boolean }): Promise<Answer>
}

/**
 * The scores of a proof as they come, and a way to ask anew after a failure. Only while `open`: nobody pays for a panel that
 * nobody sees. The daemon writes the critique of `step`.
 */
export function useScores(uri: string, props: Props, step: number | null, open: boolean): [View, () => void] {
  const { proof, steps, critique } = props
  const place = placeOf(uri, props)
  const [state, setState] = useState(() => ({ place, view: begin(props, recall(place)) }))
  const [retries, setRetries] = useState(0)
  const retried = useRef(0)

  let { view } = state
  if (state.place !== place || view.proof !== proof) {
    view = begin(props, recall(place))
    setState({ place, view })
  }
  const latest = useRef(view)
  latest.current = view
  const heardOf = useRef('')

  // A session that has failed is replaced by the infoview when the panel is drawn anew.
  const [, renew] = useState(0)
  // A call may go through whichever session the infoview has at that moment; a new one is no reason to ask again.
  const session = useRef<Session>()
  session.current = useRpcSession() as Session

  useEffect(() => {
    if (!open) return
    const show = (shown: View): void => {
      latest.current = shown
      remember(place, shown, steps)
      setState({ place, view: shown })
    }
    const retry = retried.current !== retries
    retried.current = retries
    // Of what this panel has not heard itself it wants to hear everything.
    const seen = heardOf.current === place + proof ? latest.current.revision : 0
    if (seen > 0 && !retry && latest.current.phase === 'done' && next(latest.current, step, critique) === 'rest') return
    return converse(
      {
        async ask(question, abortSignal) {
          try {
            return await session.current!.call(METHOD, question, { abortSignal, autoCancel: true })
          } catch (error) {
            if (!abortSignal.aborted) renew(n => n + 1)
            throw error
          }
        },
        hear(answer) {
          heardOf.current = place + proof
          const news = bringsNews(latest.current, answer)
          const shown = merge(latest.current, answer, step, critique)
          show(shown)
          return { next: next(shown, step, critique), news }
        },
        miss: message => show({ ...latest.current, silence: message }),
      },
      { proof, seen, step, retry },
    )
    // `steps` changes its identity at every move of the cursor; its content is part of `proof`.
  }, [place, proof, step, critique, open, retries])

  return [view, () => setRetries(n => n + 1)]
}

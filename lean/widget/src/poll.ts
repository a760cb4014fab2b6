import type { Answer, Question } from './protocol'
import type { Next } from './view'

/** One attempt after another, in milliseconds; the last one for all that follow. */
const RETRY = [2000, 3000, 5000]
const RECONNECT = [200, 400, 800, 1600]
const SILENCE = [1000, 2000, 4000, 8000]
/** Words come faster than one wants to redraw. */
const NEWS_MS = 40
/** An answer without news should have taken its time on the server; where it did not, it does here. */
const NO_NEWS_MS = 300

/** Lean's own reasons to ask once more, soon: the file has changed, the session is over, the request was dropped. */
const PASSING = [-32801, -32900, -32800]
/** From so many of them in a row on, the author is told. */
const MANY = 8

export interface Conversation {
  ask(question: Question, signal: AbortSignal): Promise<Answer>
  /** Take an answer, and say what to do next, and whether there was anything in it. */
  hear(answer: Answer): { next: Next; news: boolean }
  /** Lean's server has no answer. */
  miss(message: string): void
}

const nth = (delays: readonly number[], n: number): number => delays[Math.min(n, delays.length - 1)]!

/** Ask until there is nothing more to hear. The returned function ends it: nothing is heard after that. */
export function converse(conversation: Conversation, first: Question): () => void {
  const abort = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  let misses = 0

  const later = (question: Question, ms: number): void => {
    timer = setTimeout(() => void turn(question), ms)
  }

  const turn = async (question: Question): Promise<void> => {
    let answer: Answer
    try {
      answer = await conversation.ask(question, abort.signal)
    } catch (error) {
      if (abort.signal.aborted) return
      const { code, message } = readError(error)
      const passing = PASSING.includes(code)
      if (!passing || misses >= MANY) conversation.miss(message)
      // The server may be another one by now: ask for everything.
      return later({ ...question, seen: 0 }, nth(passing ? RECONNECT : SILENCE, misses++))
    }
    if (abort.signal.aborted) return
    misses = 0
    const revision = answer.known ? answer.revision : 0
    if (revision < question.seen) return later({ ...question, seen: 0 }, NEWS_MS)
    const cancelled = answer.known && answer.error?.kind === 'cancelled'
    if (cancelled && failures === 0) {
      // Because nobody was looking; now somebody is.
      failures++
      return later({ ...question, seen: revision, retry: true }, NEWS_MS)
    }
    const { next, news } = conversation.hear(answer)
    // An attempt has not succeeded yet because it was begun.
    if (news) failures = 0
    switch (next) {
      case 'ask':
        return later({ ...question, seen: revision, retry: false }, revision > question.seen ? NEWS_MS : NO_NEWS_MS)
      case 'retry':
        return later({ ...question, seen: revision, retry: true }, nth(RETRY, failures++))
      case 'rest':
    }
  }

  void turn(first)
  return () => {
    abort.abort()
    clearTimeout(timer)
  }
}

function readError(error: unknown): { code: number; message: string } {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  return {
    code: typeof code === 'number' ? code : 0,
    message: typeof message === 'string' ? message : String(error),
  }
}

import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { converse } from '../src/poll'
import type { Answer, Question } from '../src/protocol'
import type { Next } from '../src/view'
import { answer } from './make'

const FIRST: Question = { proof: 'one', seen: 0, step: null, retry: false }

/** A conversation whose answers the test gives, on a clock that the test winds. */
function talk(first: Question = FIRST) {
  mock.timers.enable({ apis: ['setTimeout'] })
  const asked: { question: Question; signal: AbortSignal; answer(a: Answer): void; fail(code: number, message?: string): void }[] = []
  const heard: Answer[] = []
  const missed: string[] = []
  let then: Next = 'ask'
  let news = true
  const stop = converse(
    {
      ask: (question, signal) => new Promise((resolve, reject) => {
        asked.push({ question, signal, answer: resolve, fail: (code, message = 'no') => reject({ code, message }) })
      }),
      hear: a => { heard.push(a); return { next: then, news } },
      miss: message => missed.push(message),
    },
    first,
  )
  const settle = async (ms = 0) => {
    for (let i = 0; i < 5; i++) await Promise.resolve()
    mock.timers.tick(ms)
    for (let i = 0; i < 5; i++) await Promise.resolve()
  }
  const end = () => { stop(); mock.timers.reset() }
  return { asked, heard, missed, stop, settle, end, will: (next: Next, withNews = true) => { then = next; news = withNews } }
}

test('it asks on with what it has seen, one call at a time, and rests at the end', async () => {
  const { asked, heard, settle, end, will } = talk()
  await settle(60_000)
  assert.equal(asked.length, 1, 'not a second call while the first waits')
  asked[0]!.answer(answer(3))
  await settle(50)
  assert.deepEqual(asked[1]!.question, { ...FIRST, seen: 3 })
  will('rest')
  asked[1]!.answer(answer(5, { phase: 'done' }))
  await settle(60_000)
  assert.equal(asked.length, 2)
  assert.equal(heard.length, 2)
  end()
})

test('a server that answers at once without news is not asked all the time', async () => {
  const { asked, settle, end } = talk()
  asked[0]!.answer(answer(1))
  await settle(50)
  asked[1]!.answer(answer(1))
  await settle(250)
  assert.equal(asked.length, 2)
  await settle(100)
  assert.equal(asked.length, 3)
  end()
})

test('stopped, it aborts its call and hears nothing more', async () => {
  for (const late of ['answer', 'error', 'pause'] as const) {
    const { asked, heard, missed, stop, settle, end } = talk()
    if (late === 'pause') {
      asked[0]!.answer(answer(1))
      await settle()
    }
    const before = heard.length
    stop()
    assert.equal(asked.at(-1)!.signal.aborted, true)
    if (late === 'answer') asked[0]!.answer(answer(9))
    if (late === 'error') asked[0]!.fail(-32603)
    await settle(60_000)
    assert.deepEqual([asked.length, heard.length, missed.length], [1, before, 0])
    end()
  }
})

test('passing errors of Lean are asked over in silence, with everything', async () => {
  for (const code of [-32801, -32900]) {
    const { asked, missed, settle, end } = talk({ ...FIRST, seen: 4, retry: true })
    asked[0]!.fail(code)
    await settle(250)
    assert.deepEqual(asked[1]!.question, { ...FIRST, seen: 0, retry: true })
    for (let i = 1; i < 8; i++) {
      asked[i]!.fail(code)
      await settle(2000)
    }
    assert.equal(missed.length, 0)
    asked[8]!.fail(code, 'content modified')
    await settle(2000)
    assert.deepEqual(missed, ['content modified'], 'but not for ever')
    assert.equal(asked.length, 10)
    end()
  }
})

test('other errors are told at once, and asked over ever less often', async () => {
  const { asked, missed, heard, settle, end } = talk()
  asked[0]!.fail(-32902, 'the worker crashed')
  await settle()
  assert.deepEqual(missed, ['the worker crashed'])
  await settle(900)
  assert.equal(asked.length, 1)
  await settle(200)
  asked[1]!.fail(-32902)
  await settle(1500)
  assert.equal(asked.length, 2)
  await settle(600)
  asked[2]!.answer(answer(1))
  await settle()
  assert.equal(heard.length, 1)
  end()
})

test('after a failure of the daemon it tries again by itself, in seconds', async () => {
  const { asked, settle, end, will } = talk()
  for (const [i, ms] of [2000, 3000, 5000, 5000].entries()) {
    will('retry', false)
    asked[2 * i]!.answer(answer(2 * i + 1, { phase: 'failed' }))
    await settle(ms - 100)
    assert.equal(asked.length, 2 * i + 1)
    await settle(200)
    assert.deepEqual(asked[2 * i + 1]!.question, { ...FIRST, seen: 2 * i + 1, retry: true })
    will('ask', false)
    asked[2 * i + 1]!.answer(answer(2 * i + 2)) // Lean asks the daemon, and says so at once
    await settle(50)
    assert.equal(asked[2 * i + 2]!.question.retry, false)
  }
  will('ask')
  asked[8]!.answer(answer(9))
  await settle(50)
  will('retry', false)
  asked[9]!.answer(answer(10, { phase: 'failed' }))
  await settle(2100)
  assert.equal(asked.length, 11, 'once something has come the pauses begin anew')
  end()
})

test('work that was dropped because nobody looked is asked for anew, without a word', async () => {
  const { asked, heard, settle, end, will } = talk()
  const cancelled = answer(2, { phase: 'failed', error: { kind: 'cancelled', what: 'cancelled', remedy: '' } })
  will('retry')
  asked[0]!.answer(cancelled)
  await settle(50)
  assert.equal(heard.length, 0)
  assert.equal(asked[1]!.question.retry, true)
  asked[1]!.answer({ ...cancelled, revision: 3 })
  await settle(50)
  assert.equal(heard.length, 1, 'the second time it is told')
  end()
})

test('a server that knows less than was seen is a new one', async () => {
  const { asked, heard, settle, end } = talk({ ...FIRST, seen: 40 })
  asked[0]!.answer(answer(3))
  await settle(50)
  assert.equal(heard.length, 0)
  assert.equal(asked[1]!.question.seen, 0)
  end()
})

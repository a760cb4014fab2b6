import assert from 'node:assert/strict'
import { test } from 'node:test'
import { begin, bringsNews, lowestStep, merge, next } from '../src/view'
import { answer, props, score } from './make'

const BUSY = { kind: 'failed', code: 'busy', what: 'the queue is full (busy)', remedy: 'try again later' }
const MISSING = { kind: 'missing', what: 'no daemon runs', remedy: "start one with 'eva serve --detach'" }
const DEADLINE = { kind: 'deadline', what: 'not done within 10 ms', remedy: 'give it more time' }

const empty = begin(props('one', ['a', 'b', 'c']))
const whole = merge(empty, answer(4, {
  phase: 'done',
  steps: [score(0, 0.9, { critique: 'good', critiqueDone: true }), score(1, 0.2), score(2, 0.5)],
}))

test('answers hold what has changed', () => {
  const first = merge(empty, answer(2, { steps: [score(1, 0.4)] }))
  const second = merge(first, answer(3, { steps: [score(0, 0.6, { critique: 'so' })] }))
  const third = merge(second, answer(4, { steps: [score(0, 0.6, { critique: 'so far', critiqueDone: true })] }))
  assert.deepEqual(third.steps.map(({ value }) => value), [0.6, 0.4, null])
  assert.equal(third.steps[0]!.critique, 'so far')
  assert.equal(third.revision, 4)
  assert.equal(first.steps[0]!.value, null, 'what was shown before is left alone')
})

test('a step that the proof does not have is no step', () => {
  assert.equal(merge(empty, answer(2, { steps: [score(7, 0.4)] })).steps.length, 3)
})

test('after an edit the old values stay, as old ones, until new ones come', () => {
  const edited = begin(props('two', ['a', 'x', 'c']), { view: whole, steps: props('one', ['a', 'b', 'c']).steps })
  assert.deepEqual(edited.steps.map(({ value, oldNumbers }) => [value, oldNumbers]), [[0.9, true], [null, false], [0.5, true]])
  assert.equal(edited.revision, 0)

  const waiting = merge(edited, answer(1, { steps: [score(0, null), score(1, null), score(2, null)] }))
  assert.deepEqual(waiting.steps.map(({ value }) => value), [0.9, null, 0.5])
  assert.deepEqual([waiting.steps[0]!.critique, waiting.steps[0]!.oldCritique], ['good', true])

  const scored = merge(waiting, answer(2, { steps: [score(0, 0.7)] }))
  assert.deepEqual([scored.steps[0]!.value, scored.steps[0]!.oldNumbers], [0.7, false])
  assert.deepEqual([scored.steps[0]!.critique, scored.steps[0]!.oldCritique], ['good', true], 'its words are still the old ones')

  const words = merge(scored, answer(3, { steps: [score(0, 0.7, { critique: 'fine' })] }))
  assert.deepEqual([words.steps[0]!.critique, words.steps[0]!.oldCritique], ['fine', false])
})

test('with the words first, old numbers stay beside new words', () => {
  const edited = begin(props('two', ['a']), { view: whole, steps: props('one', ['a', 'b', 'c']).steps.slice(0, 1) })
  const words = merge(edited, answer(1, { steps: [score(0, null, { critique: 'hm' })] }))
  assert.deepEqual([words.steps[0]!.value, words.steps[0]!.oldNumbers, words.steps[0]!.critique], [0.9, true, 'hm'])
})

test('the very same proof is shown as it was', () => {
  const again = props('one', ['a', 'b', 'c'])
  assert.equal(begin(again, { view: whole, steps: again.steps }), whole)
})

test('an error stays until something has come of the next attempt', () => {
  const failed = merge(empty, answer(2, { phase: 'failed', error: MISSING }))
  assert.equal(failed.error, MISSING)
  const trying = merge(failed, answer(3, { steps: [score(0, null), score(1, null)] }))
  assert.equal(trying.error, MISSING)
  assert.equal(merge(trying, answer(4, { steps: [score(0, 0.1)] })).error, null)
  assert.equal(merge(trying, answer(4, { phase: 'done' })).error, null)
})

test('so does one that only the words met, as long as they are awaited', () => {
  const failed = merge(whole, answer(5, { phase: 'failed', error: MISSING }), 1, true)
  const trying = merge(failed, answer(6, { phase: 'done', steps: [score(1, 0.2)] }), 1, true)
  assert.equal(trying.error, MISSING)
  assert.equal(next(trying, 1, true), 'ask')
  assert.equal(merge(trying, answer(7, { phase: 'done', steps: [score(1, 0.2, { critique: 'no' })] }), 1, true).error, null)
  assert.equal(merge(trying, answer(7, { phase: 'done' }), 0, true).error, null, 'the words of that step are there')
})

test('news is what was not shown before', () => {
  const news = (...steps: ReturnType<typeof score>[]) => bringsNews(whole, answer(5, { steps }))
  assert.equal(news(), false)
  assert.equal(news(score(0, null), score(1, 0.2)), false, 'the same again, or less')
  assert.equal(news(score(1, 0.2, { critique: 'so' })), true)
  assert.equal(news(score(1, 0.2, { critiqueDone: true })), true)
  assert.equal(bringsNews(empty, answer(5, { steps: [score(1, 0.2)] })), true)
  assert.equal(bringsNews(empty, answer(5, { steps: [score(7, 0.2)] })), false, 'no step of this proof')
  assert.equal(bringsNews(empty, { known: false }), false)
  const edited = begin(props('two', ['a', 'x', 'c']), { view: whole, steps: props('one', ['a', 'b', 'c']).steps })
  assert.equal(bringsNews(edited, answer(1, { steps: [score(0, 0.9)] })), true, 'the number was an old one')
})

test('what to do next', () => {
  const after = (more: Parameters<typeof answer>[1]) => merge(empty, answer(2, more))
  assert.equal(next(after({}), null, true), 'ask')
  assert.equal(next(after({ phase: 'failed', error: MISSING }), null, true), 'retry')
  assert.equal(next(after({ phase: 'failed', error: BUSY }), null, true), 'retry')
  assert.equal(next(after({ phase: 'failed', error: DEADLINE }), null, true), 'rest', 'the next attempt would take as long')
  assert.equal(next(after({ phase: 'failed', error: { ...BUSY, code: 'model_error' } }), null, true), 'rest')
  assert.equal(next(merge(empty, { known: false }), null, true), 'retry')
  assert.equal(next(whole, null, true), 'rest')
  assert.equal(next(whole, 0, true), 'rest')
  assert.equal(next(whole, 1, true), 'ask', 'its words are still to come')
  assert.equal(next(whole, 1, false), 'rest')
  const long = after({ phase: 'done', steps: [score(0, 0, { status: 'too_long', value: null })] })
  assert.equal(next(long, 0, true), 'rest', 'there will be no words')
})

test('the lowest step', () => {
  const of = (...scores: ReturnType<typeof score>[]) => lowestStep(merge(begin(props('one', scores.map(() => 'a'))), answer(1, { steps: scores })).steps)
  assert.equal(of(score(0, 0.5), score(1, 0.2), score(2, 0.2)), 1)
  assert.equal(of(score(0, 0.5), score(1, null)), null, 'while one is awaited it may be that one')
  assert.equal(of(score(0, 0.5)), null, 'of one step there is no lowest')
  assert.equal(of(score(0, 0.5), score(1, 0.1, { status: 'off_format' }), score(2, 0.4)), 2, 'numbers that one must not rely on do not count')
  assert.equal(of(score(0, 0.5), score(1, 0, { status: 'too_long', value: null }), score(2, 0.4)), 2)
})

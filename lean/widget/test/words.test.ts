import assert from 'node:assert/strict'
import { test } from 'node:test'
import { begin, merge } from '../src/view'
import { asText, brief, heading, progress, valueInWords, withCommands } from '../src/words'
import { answer, props, score, steps } from './make'

const shown = (more: Parameters<typeof score>[2]) =>
  merge(begin(props('one', ['a'])), answer(1, { steps: [score(0, 0.25, more)] })).steps[0]!

test('no number stands bare where it needs a reservation', () => {
  assert.equal(valueInWords(shown({})), 'value 0.25')
  assert.equal(valueInWords(shown({ status: 'off_format' })), 'value 0.25, off format')
  assert.equal(valueInWords({ ...shown({}), oldNumbers: true }), 'value 0.25, from earlier')
  assert.equal(valueInWords(shown({ status: 'too_long', value: null })), 'too long for the model')
  assert.equal(valueInWords(shown({ status: 'waiting', value: null })), 'not scored yet')
})

test('a step as text', () => {
  const [step] = steps(['exact hp', 68, 4])
  const text = asText('both', step!, 1, 3, shown({ critique: 'Not <b>so</b>.', critiqueDone: true }), 'a-model')
  assert.equal(text, [
    'exact hp',
    'both, step 2 of 3, line 69',
    '',
    'value 0.25',
    'logic 2.00 ± 0.50 (anchor mass 0.99)',
    '',
    'Critique, the opinion of a-model: Not <b>so</b>.',
    '',
  ].join('\n'))
  const half = asText('', step!, 1, 3, { ...shown({ critique: 'Not', status: 'off_format' }), oldNumbers: true }, null)
  assert.match(half, /^exact hp\nstep 2 of 3/)
  assert.match(half, /value 0\.25, off format, from earlier/)
  assert.match(half, /the model, not finished: Not/)
})

test('commands are taken out of a remedy, whatever else is quoted in it', () => {
  assert.deepEqual(withCommands("restart it with 'eva stop' and 'eva serve --detach'").filter(({ command }) => command).map(({ text }) => text),
    ['eva stop', 'eva serve --detach'])
  assert.deepEqual(withCommands("it isn't 'that'"), [{ text: "it isn't 'that'", command: false }])
})

test('headings', () => {
  assert.equal(heading({ kind: 'missing', what: '', remedy: '' }), 'No daemon is running')
  assert.equal(heading({ kind: 'failed', code: 'busy', what: '', remedy: '' }), 'The daemon is busy')
  assert.equal(heading({ kind: 'failed', code: 'new', what: '', remedy: '' }), 'No scores')
  assert.equal(heading({ kind: 'new', what: '', remedy: '' }), 'No scores')
})

test('progress', () => {
  const empty = begin(props('one', ['a', 'b']))
  assert.equal(progress(empty), 'scoring 0 of 2 …')
  const half = merge(empty, answer(1, { steps: [score(1, 0.3)] }))
  assert.equal(progress(half), 'scoring 1 of 2 …')
  assert.equal(progress({ ...half, phase: 'done' }), '')
  const error = { kind: 'lost', what: '', remedy: '' }
  assert.equal(progress({ ...half, error }), '1 of 2 scored')
  assert.equal(progress({ ...empty, error }), 'no scores')
})

test('the first line stands for a long tactic', () => {
  assert.equal(brief('calc a\n  _ = b := h'), 'calc a …')
  assert.equal(brief('simp'), 'simp')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { currentStep, sameSteps } from '../src/steps'
import { steps } from './make'

//   0 theorem foo : … := by
//   1   constructor
//   2   · exact hp
//   3
//   4   · have h : q := by omega
//   5     calc a
//   6       _ = b := by simp
//   7
const PROOF = steps(['constructor', 1, 2], ['exact hp', 2, 4], ['have h : q := by omega', 4, 4], ['omega', 4, 20], ['calc a', 5, 4, 6], ['simp', 6, 16])

const at = (line: number, character: number): string | null => {
  const index = currentStep(PROOF, { line, character })
  return index === null ? null : PROOF[index]!.tactic
}

test('on a step', () => {
  assert.equal(at(1, 2), 'constructor')
  assert.equal(at(1, 13), 'constructor')
  assert.equal(at(2, 12), 'exact hp')
})

test('in the indentation, or on the bullet before it', () => {
  assert.equal(at(1, 0), 'constructor')
  assert.equal(at(2, 2), 'exact hp')
})

test('the inner one of two on a line, once the cursor has reached it', () => {
  assert.equal(at(4, 19), 'have h : q := by omega')
  assert.equal(at(4, 20), 'omega')
})

test('inside of a step of several lines', () => {
  assert.equal(at(6, 16), 'simp')
  const block = steps(['calc a', 5, 4, 9], ['simp', 6, 16])
  assert.equal(currentStep(block, { line: 8, character: 0 }), 0, 'a block holds the lines after its inner steps')
})

test('below a step', () => {
  assert.equal(at(3, 0), 'exact hp')
  assert.equal(at(7, 0), 'simp')
})

test('before the first step there is none', () => {
  assert.equal(at(0, 5), null)
  assert.equal(currentStep([], { line: 3, character: 0 }), null)
})

const tactics = (...names: string[]) => steps(...names.map((name, i): [string, number, number] => [name, i, 2]))

test('after an edit the steps around it are the same', () => {
  assert.deepEqual(sameSteps(tactics('a', 'b', 'c'), tactics('a', 'x', 'c')), [0, null, 2])
  assert.deepEqual(sameSteps(tactics('a', 'b', 'c'), tactics('a', 'x', 'b', 'c')), [0, null, 1, 2])
  assert.deepEqual(sameSteps(tactics('a', 'b', 'c'), tactics('a', 'c')), [0, 2])
  assert.deepEqual(sameSteps(tactics('a', 'a'), tactics('a', 'a', 'a')), [0, 1, null])
  assert.deepEqual(sameSteps(tactics('a'), tactics('b')), [null])
  assert.deepEqual(sameSteps([], tactics('b')), [null])
})

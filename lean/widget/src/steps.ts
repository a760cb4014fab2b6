import type { Place, Step } from './protocol'

const startsBefore = (step: Step, at: Place): boolean => {
  const { start } = step.range
  return start.line < at.line || (start.line === at.line && start.character <= at.character)
}

/**
 * The step at the cursor, as its index; `null` before the first step.
 *
 * 1. Of the steps that start on the cursor's line: the last one that starts at or before the cursor, else the first
 *    (the cursor is in the indentation, or on the `·` before it).
 * 2. Else the last step whose lines hold the cursor: a block, or a step of several lines.
 * 3. Else the last step before the cursor: blank lines and comments belong to what stands above them.
 */
export function currentStep(steps: readonly Step[], at: Place): number | null {
  const indices = steps.map((_, i) => i)
  const where = (holds: (step: Step) => boolean): number[] => indices.filter(i => holds(steps[i]!))
  const onLine = where(step => step.range.start.line === at.line)
  const onLineBefore = onLine.filter(i => startsBefore(steps[i]!, at))
  const before = where(step => startsBefore(step, at))
  const around = before.filter(i => steps[i]!.range.end.line >= at.line)
  return onLineBefore.at(-1) ?? onLine[0] ?? around.at(-1) ?? before.at(-1) ?? null
}

/**
 * For each step of the edited proof the step of the old one that it was, as far as their texts tell: the same steps from
 * the beginning, and the same steps up to the end. Between them is the edit.
 */
export function sameSteps(old: readonly Step[], edited: readonly Step[]): (number | null)[] {
  const same = (i: number, j: number): boolean => old[i]?.tactic === edited[j]?.tactic
  const shorter = Math.min(old.length, edited.length)
  let head = 0
  while (head < shorter && same(head, head)) head++
  let tail = 0
  while (tail < shorter - head && same(old.length - 1 - tail, edited.length - 1 - tail)) tail++
  return edited.map((_, j) => {
    if (j < head) return j
    if (j >= edited.length - tail) return j - edited.length + old.length
    return null
  })
}

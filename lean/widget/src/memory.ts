import type { Props, Step } from './protocol'
import type { View } from './view'

/**
 * What was last shown of each declaration. The infoview unmounts the panel whenever the cursor leaves the proof, and an
 * edit makes a new proof of it: the old values stay readable until new ones come.
 */
const shown = new Map<string, { view: View; steps: Step[] }>()
const LIMIT = 50

export function placeOf(uri: string, { name, steps }: Props): string {
  return `${uri}#${name || `line ${steps[0]?.range.start.line ?? 0}`}`
}

export function recall(place: string): { view: View; steps: Step[] } | undefined {
  return shown.get(place)
}

export function remember(place: string, view: View, steps: Step[]): void {
  shown.delete(place)
  shown.set(place, { view, steps })
  const [oldest] = shown.keys()
  if (shown.size > LIMIT && oldest !== undefined) shown.delete(oldest)
}

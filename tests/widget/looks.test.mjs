// Whether the panel can be read: in every theme, in a narrow column, in the states that look different.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { launch, openPanel, recorded } from './browser.mjs'
import * as daemon from './troubles.mjs'

const NAME = 'and_of_or'
const PROOF = recorded.files[0].proofs[0]
const LINE = PROOF.steps[2].range.start.line
const THEMES = ['dark', 'light', 'high-contrast', 'high-contrast-light']

const anchors = Array.from({ length: 101 }, (_, anchor) => [anchor, 1 / 101])
const finely = { name: 'logic', expected: 50, spread: 28.87, mass: 0.99, distribution: anchors }

const STATES = {
  scored: { prepare: () => {}, shows: 'lowest' },
  scoring: { prepare: lean => { lean.prompt = false }, shows: 'scoring 0 of 12' },
  missing: { prepare: lean => lean.setError(daemon.missing), shows: 'No daemon is running' },
  'wrong token': { prepare: lean => lean.setError(daemon.wrongToken), shows: 'refused the token' },
  'off format': { prepare: () => {}, change: lean => lean.setScore(NAME, 2, recorded.offFormat), shows: 'off format' },
  'too long': { prepare: () => {}, change: lean => lean.setScore(NAME, 2, recorded.tooLong), shows: 'this model reads' },
  'a scale from 0 to 100': { prepare: () => {}, change: lean => lean.setScore(NAME, 2, { dimensions: [finely] }), shows: '50.00 ±28.87' },
  earlier: { prepare: () => {}, edit: true, shows: 'Scores from earlier' },
}

let browser
before(async () => { browser = await launch() })
after(() => browser.close())

describe('in every theme, in a column of 300 pixels', { concurrency: 4 }, () => {
  for (const [state, { prepare, change, edit, shows }] of Object.entries(STATES)) {
    test(state, async () => {
      const { page, panel, lean, complaints, close } = await openPanel(browser, { line: LINE, width: 300, prepare })
      const shown = text => panel.getByText(text).first().waitFor({ timeout: 10_000 })
      const moveTo = line => page.evaluate(place => window.host.moveTo(place), { line, character: 4 })
      try {
        if (change || edit) {
          await shown('lowest')
          lean.prompt = false
        }
        if (change) {
          // What is scored is final, so the panel asks again only when it is opened again.
          change(lean)
          await moveTo(17)
          await panel.waitFor({ state: 'detached' })
          await moveTo(LINE)
        }
        if (edit) await page.evaluate(range => window.host.edit(range, 'exact hr'), PROOF.steps[11].range)
        await shown(shows)
        for (const theme of THEMES) {
          await page.evaluate(name => { document.documentElement.className = `vscode-${name}` }, theme)
          assert.deepEqual(await panel.evaluate(unreadable), [], `text with a contrast of less than 4.5 in ${theme}`)
        }
        const [wide, place] = await page.locator('#infoview').evaluate(element => [element.scrollWidth, element.clientWidth])
        assert.ok(wide <= place, `${wide} pixels in a column of ${place}`)
        assert.deepEqual(complaints, [])
      } finally {
        await close()
      }
    })
  }
})

/** In the page: texts whose contrast with what is behind them is less than WCAG's 4.5, with the contrast they have. */
function unreadable(root) {
  const parse = color => color.match(/[\d.]+/g).map(Number)
  const over = ([r, g, b, a = 1], below) => [r, g, b].map((c, i) => c * a + below[i] * (1 - a))
  const luminance = color => color
    .map(c => c / 255)
    .map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0)
  const found = []
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const text = texts.currentNode
    const element = text.parentElement
    if (!text.data.trim() || element.closest('style, title') || element.getClientRects().length === 0) continue
    const line = []
    for (let e = element; e; e = e.parentElement) line.unshift(e)
    let behind = [255, 255, 255]
    let opacity = 1
    for (const e of line) {
      const style = getComputedStyle(e)
      behind = over(parse(style.backgroundColor), behind)
      opacity *= Number(style.opacity)
    }
    const style = getComputedStyle(element)
    const [r, g, b, a = 1] = parse(element.closest('svg') ? style.fill : style.color)
    const [light, dark] = [luminance(over([r, g, b, a * opacity], behind)), luminance(behind)].sort((x, y) => y - x)
    const contrast = (light + 0.05) / (dark + 0.05)
    if (contrast < 4.5) found.push(`${contrast.toFixed(2)}: ${text.data}`)
  }
  return found
}

// Nothing replaced: the panel in the infoview, Lean's own worker with this package in it, and the daemon with the embedded
// model. (Lean is the WebAssembly one, whose connections go through a relay: tools/lean_worker.py.)
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { launch, openPage, recorded } from './browser.mjs'
import { picture } from './pictures.mjs'
import { processServer, serve } from './serve.mjs'

const ROOT = path.join(import.meta.dirname, '..', '..')
const PYTHON = process.env.EVA_PYTHON ?? 'python3'
const PATIENCE_MS = 480_000 // the first time, the modules of the package are compiled
const THEOREM = recorded.files[0].text.split('\n\n')[0].split('\n').slice(1).join('\n')
const HEAD = 'import Eva\n\n#eva_score\n'
const lineOf = tactic => (HEAD + THEOREM).split('\n').findLastIndex(line => line.endsWith(tactic))

let browser, directory, environment, server
let serving = false
const eva = (...command) => execFileSync(PYTHON, ['-m', 'eva', ...command], { env: environment, encoding: 'utf8', timeout: 120_000, stdio: ['ignore', 'pipe', 'inherit'] })

before(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'eva-worker-'))
  const connection = path.join(directory, 'daemon.json')
  environment = { ...process.env, EVA_CONNECTION_FILE: connection, PYTHONPATH: path.join(ROOT, 'python') }
  const lean = processServer([PYTHON, path.join(ROOT, 'tools', 'lean_worker.py'), '--connection', connection], { env: environment })
  server = await serve({ infoview: '0.12.0', text: HEAD + THEOREM, lean })
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await server?.close()
  if (serving) eva('stop')
  rmSync(directory, { recursive: true })
})

test('Lean, the daemon and the panel', { timeout: PATIENCE_MS + 120_000 }, async () => {
  const { page, panel, complaints } = await openPage(browser, server, { line: lineOf('constructor'), width: 360, height: 640 })
  const shown = (text, timeout = 60_000) => panel.getByText(text).first().waitFor({ timeout })
  const goTo = async tactic => {
    await page.evaluate(place => window.host.moveTo(place), { line: lineOf(tactic), character: 4 })
    await panel.locator('.eva-tactic', { hasText: tactic }).waitFor({ timeout: 60_000 })
  }

  await shown('No daemon is running', PATIENCE_MS)
  await picture(page, 'daemon-missing', panel)

  eva('serve', '--detach')
  serving = true
  await shown('lowest', 60_000)
  assert.doesNotMatch(await panel.innerText(), /daemon/, 'it was found without being asked')

  const plain = path.join(directory, 'Plain.lean')
  writeFileSync(plain, THEOREM)
  const scores = eva('score', plain, '--json').trim().split('\n').map(line => JSON.parse(line))
  const points = await panel.getByRole('group', { name: /^values of the/ }).getByRole('button').evaluateAll(all => all.map(point => point.getAttribute('aria-label')))
  assert.equal(points.length, scores.length)
  points.forEach((label, i) => assert.ok(label.includes(`value ${scores[i].value.toFixed(2)}`), `${label}, but eva score says ${scores[i].value}`))

  await goTo('obtain ⟨hp, hq⟩ := hpq')
  await panel.locator('.eva-critique[aria-busy=false]').waitFor({ timeout: 60_000 })
  assert.ok((await panel.locator('.eva-critique').textContent()).trim().length > 20)
  await picture(page, 'panel-dark')
  await page.evaluate(() => { document.documentElement.className = 'vscode-light' })
  await picture(page, 'panel-light')
  await page.evaluate(() => { document.documentElement.className = 'vscode-dark' })

  const before = await panel.getByRole('meter').getAttribute('aria-valuenow')
  const last = { line: lineOf('exact hp'), character: 0 }
  assert.notEqual(before, null)
  await page.evaluate(range => window.host.edit(range, '      exact hr'), { start: last, end: { ...last, character: 99 } })
  await panel.getByRole('button', { name: /exact hr, value \d/ }).waitFor({ timeout: 120_000 })
  assert.deepEqual(complaints, [])
})

// Headless Chromium with the infoview in it, and what the tests ask of the page.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { chromium } from 'playwright-core'
import { serve } from './serve.mjs'
import { StandIn } from './standIn.mjs'

const HERE = import.meta.dirname
export const BUILT = new URL('../../lean/widget/dist/evaPanel.js', import.meta.url)
const NAMES = ['chromium', 'chromium-browser', 'google-chrome']
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--force-color-profile=srgb']

/** Where Chromium is: `$EVA_CHROMIUM`, or the one on the PATH; undefined where there is none. */
export const findChromium = () => process.env.EVA_CHROMIUM
  ?? NAMES.flatMap(name => process.env.PATH.split(path.delimiter).map(place => path.join(place, name))).find(existsSync)

export const launch = () => chromium.launch({ executablePath: findChromium(), args: FLAGS })

export const recorded = JSON.parse(await readFile(`${HERE}/recorded.json`, 'utf8'))
export const widget = await readFile(BUILT, 'utf8')

/**
 * The panel beside a document, with the stand-in for Lean behind it.
 * `prepare` is given the stand-in before anybody asks it.
 */
export async function openPanel(browser, { infoview = '0.12.0', theme = 'dark', line = 5, width = 380, prepare = () => {} } = {}) {
  const lean = new StandIn({ recorded, widget })
  prepare(lean)
  const text = recorded.files[0].text
  const server = await serve({ infoview, text, lean: lean.connect })
  const opened = await openPage(browser, server, { theme, line, width })
  return { lean, ...opened }
}

/** The page of a server of serve.mjs; `close` also says what the console complained of. */
export async function openPage(browser, server, { theme = 'dark', line = 0, width = 380, height = 680 } = {}) {
  const page = await browser.newPage({ viewport: { width: 520 + width, height }, deviceScaleFactor: 2 })
  page.setDefaultTimeout(90_000) // a busy machine draws late
  const complaints = []
  page.on('console', message => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()))
  page.on('pageerror', error => complaints.push(String(error)))
  await page.goto(`${server.origin}/?theme=${theme}&line=${line}`)
  await page.addStyleTag({ content: `#infoview { width: ${width}px !important }` })
  return {
    page,
    complaints,
    panel: page.locator('details.eva'),
    close: async () => {
      await page.close()
      await server.close()
    },
  }
}

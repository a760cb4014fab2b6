// Runs the tests of the panel one after another (a browser with an infoview is heavy).
//   --pictures   take the pictures of docs/images as well
//   other arguments are files to run instead of all
import { spawnSync } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { findChromium } from './browser.mjs'

if (!findChromium()) {
  console.error('no Chromium: put chromium on the PATH (Debian: apt install chromium fonts-dejavu-core), or name one in EVA_CHROMIUM')
  process.exit(1)
}
const files = process.argv.slice(2).filter(argument => argument !== '--pictures')
const taking = process.argv.includes('--pictures')
const all = (await readdir(import.meta.dirname)).filter(name => name.endsWith('.test.mjs')).sort()
const { status } = spawnSync(
  process.execPath,
  ['--test', '--test-concurrency=1', '--test-reporter=spec', ...(files.length > 0 ? files : all)],
  { cwd: import.meta.dirname, stdio: 'inherit', env: { ...process.env, ...(taking && { EVA_PICTURES: '1' }) } },
)
process.exitCode = status ?? 1

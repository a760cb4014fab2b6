// Runs the tests of the panel's logic: bundled, then given to node's own runner.
import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { build } from 'esbuild'

const outdir = await mkdtemp(path.join(tmpdir(), 'eva-panel-'))
try {
  const names = (await readdir(path.join(import.meta.dirname, 'test'))).filter(name => name.endsWith('.test.ts'))
  await build({
    absWorkingDir: import.meta.dirname,
    entryPoints: names.map(name => `test/${name}`),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    sourcemap: 'inline',
  })
  const files = names.map(name => path.join(outdir, name.replace(/\.ts$/, '.mjs')))
  const { status } = spawnSync(process.execPath, ['--enable-source-maps', '--test', ...files], { stdio: 'inherit' })
  process.exitCode = status ?? 1
} finally {
  await rm(outdir, { recursive: true })
}

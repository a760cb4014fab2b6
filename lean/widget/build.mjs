// Builds dist/evaPanel.js, which is committed so that users of the Lean package need no npm.
// `--verify` builds as well, but only compares: exit code 1 where the committed file is not what the sources say.
import { readFile, writeFile, mkdir } from 'node:fs/promises'
import { build } from 'esbuild'

const LIMIT = 30_000
const DIST = new URL('dist/evaPanel.js', import.meta.url)

const { outputFiles } = await build({
  absWorkingDir: import.meta.dirname,
  entryPoints: ['src/evaPanel.tsx'],
  outdir: 'dist',
  write: false,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  charset: 'utf8',
  legalComments: 'none',
  // The infoview brings these; a second React would break hooks.
  external: ['react', 'react/jsx-runtime', '@leanprover/infoview'],
})
const built = outputFiles[0].text

if (process.argv.includes('--verify')) {
  const committed = await readFile(DIST, 'utf8').catch(() => '')
  if (committed !== built) {
    console.error('dist/evaPanel.js is not what its sources build: run `npm run build` and commit it')
    process.exit(1)
  }
} else {
  await mkdir(new URL('.', DIST), { recursive: true })
  await writeFile(DIST, built)
}
const bytes = Buffer.byteLength(built)
console.log(`dist/evaPanel.js: ${bytes} bytes`)
if (bytes >= LIMIT) {
  console.error(`that is not less than ${LIMIT}`)
  process.exit(1)
}

// Pictures for docs/images, taken where a test shows what they show: only when run.mjs is given --pictures.
import { mkdir } from 'node:fs/promises'

const IMAGES = new URL('../../docs/images/', import.meta.url)

/** Take a picture of a page, or of a part of it, if pictures are wanted. */
export async function picture(shown, name) {
  if (!process.env.EVA_PICTURES) return
  await mkdir(IMAGES, { recursive: true })
  await shown.screenshot({ path: new URL(`${name}.png`, IMAGES).pathname, animations: 'disabled' })
}

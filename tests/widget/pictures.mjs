// Pictures for docs/images, taken where a test shows what they show: only when run.mjs is given --pictures.
import { mkdir } from 'node:fs/promises'

const IMAGES = new URL('../../docs/images/', import.meta.url)
const MARGIN = 10

/** Take a picture of a page, or of a part of it, if pictures are wanted. */
export async function picture(page, name, part) {
  if (!process.env.EVA_PICTURES) return
  await mkdir(IMAGES, { recursive: true })
  const box = await part?.boundingBox()
  const clip = box && { x: box.x - MARGIN, y: box.y - MARGIN, width: box.width + 2 * MARGIN, height: box.height + 2 * MARGIN }
  await page.screenshot({ path: new URL(`${name}.png`, IMAGES).pathname, animations: 'disabled', ...(clip && { clip }) })
}

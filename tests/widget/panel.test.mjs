// The panel in the real infoview, in every state; behind it the stand-in for Lean.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { launch, openPanel, recorded } from './browser.mjs'
import { picture } from './pictures.mjs'
import * as daemon from './troubles.mjs'

const NAME = 'and_of_or'
const PROOF = recorded.files[0].proofs[0]
const SCORES = PROOF.events.flatMap(event => event.score ?? [])
const scoreOf = index => SCORES.find(score => score.index === index)
const critiqueOf = index => PROOF.events.filter(event => event.index === index).map(event => event.text).join('')
const LOWEST = SCORES.reduce((lowest, other) => (other.value < lowest.value ? other : lowest)).index
const two = number => number.toFixed(2)
const valueOf = index => `value ${two(scoreOf(index).value)}`
const LINES = PROOF.steps.map(step => step.range.start.line)
const held = lean => { lean.prompt = false }

let browser
before(async () => { browser = await launch() })
after(() => browser.close())

/** Run `body` with an open panel; nothing may be left in the console. */
async function withPanel(options, body, tolerated = []) {
  const opened = await openPanel(browser, options)
  try {
    await body(opened)
    assert.deepEqual(opened.complaints.filter(text => !tolerated.some(part => text.includes(part))), [])
  } catch (error) {
    const seen = await opened.page.locator('#infoview').innerText({ timeout: 2000 }).catch(String)
    console.error(`The infoview shows:\n${seen}\nThe console says:\n${opened.complaints.join('\n')}`)
    throw error
  } finally {
    await opened.close()
  }
}

/** Wait until `holds` is true, or fail with what `seen` says. */
async function until(holds, seen = () => holds.toString()) {
  for (let i = 0; i < 200; i++) {
    if (await holds()) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  assert.fail(`never came true: ${await seen()}`)
}

const shows = (panel, text) => until(async () => (await panel.innerText()).toLowerCase().includes(text.toLowerCase()), async () => `${text} in\n${await panel.innerText()}`)
const course = panel => panel.getByRole('group', { name: /^values of the/ })
const stepsOf = panel => course(panel).getByRole('button')

for (const infoview of ['0.8.5', '0.12.0']) {
  // Most of the time they wait, so a few of them run beside each other.
  describe(`infoview ${infoview}`, { concurrency: 4 }, () => {
    test('scored: the recorded numbers, the course, the lowest step', () => withPanel({ infoview, line: LINES[2] }, async ({ panel }) => {
      await shows(panel, critiqueOf(2))
      const { value, dimensions } = scoreOf(2)
      const text = await panel.innerText()
      for (const { name, expected, spread } of dimensions) {
        assert.ok(text.includes(name))
        assert.ok(text.includes(`${two(expected)} ±${two(spread)}`), text)
      }
      assert.equal(await panel.getByRole('meter').getAttribute('aria-valuenow'), String(value))
      assert.match(text, /step 3 of 12/)
      assert.match(text, new RegExp(`opinion of ${recorded.model}`))
      const bars = await panel.locator('.eva-dimensions svg').first().locator('rect').evaluateAll(rects => rects.map(rect => Number(rect.getAttribute('height'))))
      assert.deepEqual(bars.map(height => (height / 24).toFixed(3)), dimensions[0].distribution.map(([, p]) => p.toFixed(3)))
      assert.equal(await stepsOf(panel).count(), 12)
      assert.match(await stepsOf(panel).nth(LOWEST).getAttribute('aria-label'), /, lowest$/)
      assert.equal(await course(panel).locator('[aria-current=step]').getAttribute('aria-label'), await stepsOf(panel).nth(2).getAttribute('aria-label'))
    }))

    test('scoring: no number before it is there, each as it comes', () => withPanel({ infoview, line: LINES[1], prepare: held }, async ({ panel, lean }) => {
      await shows(panel, 'scoring 0 of 12')
      assert.equal(await panel.getByRole('meter').count(), 0)
      assert.match(await stepsOf(panel).first().getAttribute('aria-label'), /not scored yet$/)
      await lean.tell(NAME, { scores: 2 })
      await shows(panel, 'scoring 2 of 12')
      assert.equal(await panel.getByRole('meter').getAttribute('aria-valuenow'), String(scoreOf(1).value))
      assert.doesNotMatch(await panel.innerText(), /lowest/)
      await lean.tell(NAME, { scores: 10 })
      await shows(panel, 'lowest')
      assert.doesNotMatch(await panel.innerText(), /scoring/)
    }))

    test('the critique streams in, and is never markup', () => withPanel({ infoview, line: LINES[0], prepare: held }, async ({ panel, page, lean }) => {
      await shows(panel, 'scoring')
      await lean.tell(NAME, { scores: 12 })
      await shows(panel, 'awaited …')
      const pieces = PROOF.events.filter(event => event.index === 0)
      const begun = pieces.slice(0, 3).map(piece => piece.text).join('')
      await lean.tell(NAME, { words: 3, step: 0 })
      await until(async () => (await panel.locator('.eva-critique').textContent()) === begun)
      assert.equal(await panel.locator('.eva-critique').getAttribute('aria-busy'), 'true')
      await shows(panel, 'writing …')
      await lean.tell(NAME, { words: pieces.length, step: 0 })
      await until(async () => (await panel.locator('.eva-critique').textContent()) === critiqueOf(0))
      assert.equal(await panel.locator('.eva-critique').getAttribute('aria-busy'), 'false')
      const evil = '<img src=x onerror="window.evil=1"> **bold** <script>window.evil=1</script>'
      await page.evaluate(() => window.host.moveTo({ line: 3, character: 4 }))
      await shows(panel, 'step 2 of 12')
      await until(() => lean.polls.at(-1).step === 1)
      lean.setScore(NAME, 1, { critique: evil, critiqueDone: true })
      await until(async () => (await panel.locator('.eva-critique').textContent()) === evil)
      assert.equal(await panel.locator('img, script').count(), 0)
      assert.equal(await page.evaluate(() => window.evil), undefined)
    }))

    test('a click on a point goes to the step', () => withPanel({ infoview, line: LINES[0] }, async ({ panel, page }) => {
      await shows(panel, 'lowest')
      await stepsOf(panel).nth(7).click()
      const { start } = PROOF.steps[7].range
      const [what, shown] = await page.evaluate(() => window.host.log.at(-1))
      assert.equal(what, 'showDocument')
      const places = [shown.selection.start, shown.selection.end].map(({ line, character }) => ({ line, character }))
      assert.deepEqual(places, [start, start], 'the cursor goes there, nothing is selected')
      await shows(panel, 'step 8 of 12')
      await shows(panel, critiqueOf(7))
      await panel.getByRole('button', { name: /^lowest/ }).click()
      await shows(panel, `step ${LOWEST + 1} of 12 · lowest`)
    }))

    test('everything by keyboard', () => withPanel({ infoview, line: LINES[0] }, async ({ panel, page }) => {
      await shows(panel, 'lowest')
      const focused = () => page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent)
      await panel.locator('summary').focus()
      await page.keyboard.press('Tab')
      assert.equal(await focused(), 'copy scores and critique')
      await page.keyboard.press('Enter')
      assert.equal((await page.evaluate(() => window.host.log.at(-1)))[0], 'copyToClipboard')
      await page.keyboard.press('Tab')
      assert.equal((await focused()).replace(', lowest', ''), `step 1 of 12: constructor, ${valueOf(0)}, at the cursor`)
      for (const [press, reached] of [['ArrowRight', 2], ['ArrowDown', 3], ['ArrowLeft', 2], ['ArrowLeft', 1], ['ArrowLeft', 1], ['End', 12], ['ArrowRight', 12], ['Home', 1], ['ArrowRight', 2]]) {
        await page.keyboard.press(press)
        assert.match(await focused(), new RegExp(`^step ${reached} of 12`), press)
      }
      await shows(panel, `step 2 of 12: cases h with, ${valueOf(1)}`) // what is focused is also said in text
      await page.keyboard.press('Enter')
      await shows(panel, 'step 2 of 12')
      assert.equal(await page.evaluate(() => window.host.log.at(-1)[1].selection.start.line), LINES[1])
      await panel.locator('summary').focus()
      await page.keyboard.press('Enter')
      assert.equal(await panel.getAttribute('open'), null)
      await page.keyboard.press('Enter')
      assert.notEqual(await panel.getAttribute('open'), null)
    }))

    test('closed and opened again before the panel was drawn, it is open', () => withPanel({ infoview, line: LINES[0] }, async ({ panel, page }) => {
      await shows(panel, 'lowest')
      await panel.evaluate(element => new Promise(done => {
        element.addEventListener('toggle', () => {
          element.querySelector('summary').click()
          element.addEventListener('toggle', () => setTimeout(done, 100), { once: true })
        }, { once: true })
        element.querySelector('summary').click()
      }))
      assert.notEqual(await panel.getAttribute('open'), null)
    }))

    test('copied: scores and critique as text; and the text can be selected', () => withPanel({ infoview, line: LINES[2] }, async ({ panel, page }) => {
      await shows(panel, critiqueOf(2))
      await panel.getByRole('button', { name: 'copy scores and critique' }).click()
      const [what, text] = await page.evaluate(() => window.host.log.at(-1))
      assert.equal(what, 'copyToClipboard')
      const { expected, spread, mass } = scoreOf(2).dimensions[0]
      const begin = ['obtain ⟨hp, hq⟩ := hpq', 'and_of_or, step 3 of 12, line 6', '', valueOf(2), `logic ${two(expected)} ± ${two(spread)} (anchor mass ${two(mass)})`]
      assert.ok(text.startsWith(begin.join('\n')), text)
      assert.ok(text.endsWith(`Critique, the opinion of ${recorded.model}: ${critiqueOf(2)}\n`), text)
      await shows(panel, 'copied')
      const selected = await panel.locator('.eva-critique').evaluate(element => {
        getSelection().selectAllChildren(element)
        return [getSelection().toString(), getComputedStyle(element).userSelect]
      })
      assert.deepEqual(selected, [critiqueOf(2), 'text'])
    }))

    test('after an edit the old values stay, dimmed and said to be old, until the new ones come', () =>
      withPanel({ infoview, line: LINES[2] }, async ({ panel, page, lean }) => {
        await shows(panel, critiqueOf(2))
        lean.prompt = false
        const { range } = PROOF.steps[11]
        await page.evaluate(edited => window.host.edit(edited, 'exact hr'), range)
        await shows(panel, 'Scores from earlier')
        await shows(panel, 'scoring 0 of 12')
        assert.equal(await panel.getByRole('meter').getAttribute('aria-valuenow'), String(scoreOf(2).value))
        assert.match(await panel.getByRole('meter').getAttribute('aria-valuetext'), /from earlier/)
        assert.ok((await panel.getByRole('meter').getAttribute('class')).includes('eva-old'))
        assert.ok((await stepsOf(panel).nth(2).getAttribute('aria-label')).includes(`${valueOf(2)}, from earlier`))
        assert.match(await stepsOf(panel).nth(11).getAttribute('aria-label'), /exact hr, not scored yet/)
        assert.ok((await panel.innerText()).includes(critiqueOf(2)))
        await lean.tell(NAME, { scores: 6 })
        await shows(panel, 'scoring 6 of 12')
        await stepsOf(panel).nth(7).focus()
        if (infoview === '0.12.0') await picture(page, 'course', panel)
        await lean.tell(NAME, { scores: 12 })
        await lean.tell(NAME, { words: 999, step: 2 })
        await until(async () => !(await panel.innerText()).includes('from earlier'))
        assert.equal(await panel.locator('.eva-old').count(), 0)
      }))

    test('a call that is superseded is aborted, or at least not heard', () => withPanel({ infoview, line: LINES[0], prepare: held }, async ({ panel, page, lean }) => {
      await until(() => lean.waiting === 1 && lean.polls.at(-1).seen > 0)
      const superseded = lean.polls.at(-1)
      await page.evaluate(line => window.host.moveTo({ line, character: 6 }), LINES[7])
      await shows(panel, 'step 8 of 12')
      await until(() => lean.polls.at(-1).step === 7)
      await lean.tell(NAME, { scores: 12 })
      await shows(panel, 'lowest')
      // Infoviews of the time of 0.8.5 cannot abort a call; there it runs into its two seconds.
      if (infoview !== '0.8.5') assert.equal(superseded.cancelled, true)
      await until(() => lean.waiting <= 1)
      assert.equal(lean.polls.filter(poll => poll.step === 0 && poll !== superseded && lean.polls.indexOf(poll) > lean.polls.indexOf(superseded)).length, 0)
    }))

    test('nobody asks when nobody looks: the cursor elsewhere, the panel closed, all said', () =>
      withPanel({ infoview, line: LINES[0], prepare: held }, async ({ panel, page, lean }) => {
        const quiet = async why => {
          await until(() => lean.waiting === 0, () => why)
          const before = lean.polls.length
          await page.waitForTimeout(3000)
          assert.equal(lean.polls.length, before, why)
        }
        await until(() => lean.waiting === 1)
        await page.evaluate(() => window.host.moveTo({ line: 17, character: 0 }))
        await panel.waitFor({ state: 'detached' })
        await quiet('unmounted')
        await page.evaluate(line => window.host.moveTo({ line, character: 6 }), LINES[1])
        await until(() => lean.waiting === 1)
        await panel.locator('summary').click()
        await quiet('closed')
        await panel.locator('summary').click()
        await until(() => lean.waiting === 1)
        await lean.tell(NAME, { scores: 12 })
        await lean.tell(NAME, { words: 999, step: 1 })
        await shows(panel, critiqueOf(1))
        await quiet('all said')
      }))

    test('back at a proof, what was known of it is there at once', () => withPanel({ infoview, line: LINES[2] }, async ({ panel, page, lean }) => {
      await shows(panel, critiqueOf(2))
      await page.evaluate(() => window.host.moveTo({ line: 17, character: 0 }))
      await panel.waitFor({ state: 'detached' })
      lean.prompt = false
      lean.restart()
      await page.evaluate(line => window.host.moveTo({ line, character: 6 }), LINES[2])
      await shows(panel, 'Scores from earlier')
      assert.ok((await panel.innerText()).includes(two(scoreOf(2).value)))
      await lean.tell(NAME, { scores: 12 })
      await until(async () => !(await panel.innerText()).includes('Scores from earlier'))
    }))

    test('off format: never a bare number', () => withPanel({ infoview, line: LINES[2], prepare: held }, async ({ panel, lean }) => {
      await shows(panel, 'scoring')
      await lean.tell(NAME, { scores: 12 })
      lean.setScore(NAME, 2, recorded.offFormat)
      await shows(panel, 'off format')
      const mass = Math.min(...recorded.offFormat.dimensions.map(dimension => dimension.mass)).toFixed(2)
      await shows(panel, `anchor mass ${mass}`)
      assert.match(await panel.getByRole('meter').getAttribute('aria-valuetext'), /off format/)
      assert.ok((await stepsOf(panel).nth(2).getAttribute('aria-label')).includes(`value ${two(recorded.offFormat.value)}, off format`))
      assert.doesNotMatch(await stepsOf(panel).nth(2).getAttribute('aria-label'), /lowest/)
    }))

    test('too long: no number, the reason', () => withPanel({ infoview, line: LINES[2], prepare: held }, async ({ panel, lean }) => {
      await shows(panel, 'scoring')
      await lean.tell(NAME, { scores: 12 })
      lean.setScore(NAME, 2, recorded.tooLong)
      await shows(panel, recorded.tooLong.message)
      assert.equal(await panel.getByRole('meter').count(), 0)
      assert.equal(await panel.locator('.eva-critique').count(), 0)
    }))

    test('without critiques there are none', () => withPanel({ infoview, line: LINES[2], prepare: lean => { lean.critique = false } }, async ({ panel }) => {
      await shows(panel, 'lowest')
      assert.doesNotMatch(await panel.innerText(), /Critique/)
    }))

    test('before the first step there is no step to judge', () => withPanel({ infoview, line: 1 }, async ({ panel, lean }) => {
      await shows(panel, 'Put the cursor on a step')
      assert.equal(await stepsOf(panel).count(), 12)
      assert.equal(lean.polls[0].step, null)
    }))

    test('no daemon: how to start one; once it is there, the scores come by themselves', () =>
      withPanel({ infoview, line: LINES[0], prepare: lean => lean.setError(daemon.missing) }, async ({ panel, page, lean }) => {
        await shows(panel, 'No daemon is running')
        await shows(panel, daemon.missing.what)
        assert.equal(await panel.locator('code').textContent(), 'eva serve --detach')
        await panel.getByRole('button', { name: 'copy eva serve --detach' }).click()
        assert.deepEqual(await page.evaluate(() => window.host.log.at(-1)), ['copyToClipboard', 'eva serve --detach'])
        assert.equal(await panel.getByRole('meter').count(), 0)
        await until(() => lean.polls.some(poll => poll.retry))
        assert.ok((await panel.innerText()).includes('No daemon is running'), 'it does not flicker')
        lean.error = null
        await shows(panel, critiqueOf(0))
        assert.doesNotMatch(await panel.innerText(), /daemon/)
      }))

    test('no daemon for long: nothing changes for a screen reader, and it is looked for ever less often', () =>
      withPanel({ infoview, line: LINES[0], prepare: lean => lean.setError(daemon.missing) }, async ({ panel, lean }) => {
        await shows(panel, 'No daemon is running')
        await panel.evaluate(element => {
          window.said = []
          const observer = new MutationObserver(() => window.said.push(element.querySelector('.eva-body').innerText))
          for (const region of element.querySelectorAll('[role=status]')) observer.observe(region, { subtree: true, childList: true, characterData: true })
        })
        const retries = () => lean.polls.filter(poll => poll.retry)
        await until(() => retries().length >= 3)
        await new Promise(resolve => setTimeout(resolve, 500))
        assert.deepEqual(await panel.evaluate(() => window.said), [])
        const [first, second, third] = retries().map(poll => poll.at)
        assert.ok(third - second > second - first + 500, `${second - first} ms, then ${third - second} ms`)
      }))

    for (const [kind, error] of Object.entries(daemon)) {
      test(`in trouble: ${kind}`, () => withPanel({ infoview, line: LINES[0], prepare: lean => lean.setError(error) }, async ({ panel, lean }) => {
        await shows(panel, error.what)
        const text = (await panel.innerText()).replace(/\scopy\s/g, ' ').replace(/\s+/g, ' ')
        const words = error.remedy.replaceAll("'", '').replaceAll(/[.,:;]/g, '').split(' ')
        const said = text.replaceAll(/['.,:;]/g, '')
        for (const word of words) assert.ok(said.toLowerCase().includes(word.toLowerCase()), `${word} in ${text}`)
        assert.equal(await panel.getByRole('meter').count(), 0, 'trouble is never a score')
        const polls = lean.polls.length
        const again = await panel.getByRole('button', { name: 'try again' }).elementHandle()
        lean.error = null
        await again.evaluate(button => button.click()) // some troubles are tried again unasked, and the button may be gone
        await until(() => lean.polls.slice(polls).some(poll => poll.retry))
        await shows(panel, critiqueOf(0))
      }))
    }

    test('what the model could not do is not tried again and again', () => withPanel({ infoview, line: LINES[0], prepare: lean => lean.setError(daemon.deadline) }, async ({ panel, page, lean }) => {
      await shows(panel, 'Not done in time')
      const before = lean.polls.length
      await page.waitForTimeout(4000)
      assert.equal(lean.polls.length, before)
    }))

    test('scores that came before the trouble stay', () => withPanel({ infoview, line: LINES[0], prepare: held }, async ({ panel, lean }) => {
      await shows(panel, 'scoring 0 of 12')
      await lean.tell(NAME, { scores: 5 })
      await shows(panel, 'scoring 5 of 12')
      lean.setError(daemon.lost)
      await shows(panel, 'The connection was lost')
      await shows(panel, '5 of 12 scored')
      assert.equal(await panel.getByRole('meter').getAttribute('aria-valuenow'), String(scoreOf(0).value))
    }))

    test('a proof that Lean has not recorded', () => withPanel({ infoview, line: LINES[0], prepare: lean => { lean.known = false } }, async ({ panel, lean }) => {
      await shows(panel, 'Lean has not recorded this proof')
      await shows(panel, 'reopen')
      lean.known = true
      await shows(panel, critiqueOf(0))
    }))

    test('passing errors of Lean are not worth a word', () => withPanel(
      { infoview, line: LINES[0], prepare: lean => { lean.rpcErrors = [{ code: -32801, message: 'content modified' }, { code: -32801, message: 'content modified' }] } },
      async ({ panel, page, lean }) => {
        await page.waitForTimeout(100)
        await shows(panel, critiqueOf(0))
        assert.ok(lean.polls.length >= 3)
        assert.doesNotMatch(await panel.innerText(), /content modified|does not answer/)
      }))

    test('after a restart of Lean a new session is opened', () => withPanel({ infoview, line: LINES[0], prepare: held }, async ({ panel, page, lean }) => {
      await shows(panel, 'scoring 0 of 12')
      await page.waitForTimeout(1000) // until the infoview has no reason of its own to draw the panel anew
      lean.restart()
      await until(() => lean.job(NAME), () => 'nobody asks the new session')
      await lean.tell(NAME, { scores: 12 })
      await shows(panel, 'lowest')
    }))

    test('Lean itself is silent', () => withPanel(
      { infoview, line: LINES[0], prepare: lean => { lean.rpcErrors = [{ code: -32603, message: 'stack overflow' }, { code: -32603, message: 'stack overflow' }] } },
      async ({ panel }) => {
        await shows(panel, 'Lean does not answer')
        await shows(panel, 'stack overflow')
        await shows(panel, critiqueOf(0))
        assert.doesNotMatch(await panel.innerText(), /Lean does not answer/)
      }))
  })
}

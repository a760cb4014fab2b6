// A stand-in for the Lean server: it knows no Lean. It answers the few calls that the infoview makes, and `Eva.Panel.poll`
// as lean/Eva/Panel.lean does, with what Lean and the real daemon said once (recorded.json, written by record.py). Tests put it
// into every state; worker.test.mjs has the real Lean worker in its place.

const POLL_MS = 2000
const METHOD_NOT_FOUND = -32601
const CANCELLED = -32800
const NEEDS_RECONNECT = -32900

export class StandIn {
  /** Every call of `Eva.Panel.poll`: its parameters, when it came (ms), and whether it was cancelled. */
  polls = []
  /** How many polls are waiting. */
  waiting = 0
  /** false: scores come only as a test tells them (`tell`); true: all at once. */
  prompt = true
  /** What is wrong with the daemon: a `ClientError` as JSON. */
  error = null
  /** false: this process has never recorded the proof. */
  known = true
  /** Errors of JSON-RPC that the next polls get, one each. */
  rpcErrors = []
  critique = true
  #session = 1
  #jobs = new Map()
  #listeners = new Set()

  /** @param {{ recorded: object, widget: string }} options recorded.json; the text of evaPanel.js. */
  constructor({ recorded, widget }) {
    this.recorded = recorded
    this.widget = widget
    this.hash = fnv(widget)
  }

  connect = send => {
    const cancelled = new Set()
    const documents = new Map()
    return { take: message => void this.#take(message, send, cancelled, documents), end: () => {} }
  }

  /** The job of a proof of the document, as far as it was asked for. */
  job(name) {
    return [...this.#jobs.values()].findLast(job => job.proof.name === name)
  }

  /**
   * Let the daemon say more: the next `scores` scores, the next `words` pieces of the critique of `step`.
   * A panel is drawn before it asks: waits up to ten seconds until it has.
   */
  async tell(name, { scores = 0, words = 0, step = 0 }) {
    for (let i = 0; i < 200 && !this.job(name); i++) await new Promise(resolve => setTimeout(resolve, 50))
    const job = this.job(name)
    if (!job) throw new Error(`nobody has asked for ${name}`)
    job.tellScores(scores)
    job.tellWords(step, words)
    this.#wake()
  }

  /** The daemon is in trouble, or (null) no longer; what was scored stays. */
  setError(error) {
    this.error = error
    for (const job of this.#jobs.values()) job.fail(error)
    this.#wake()
  }

  /** Say something else of a step than what was recorded for it, with its words or without. */
  setScore(name, index, score) {
    this.job(name).set(index, score)
    this.#wake()
  }

  /** A new Lean worker: what the old one had in mind is gone, and so is the RPC session. */
  restart() {
    this.#jobs.clear()
    this.#session++
    this.#wake()
  }

  /** As Lean does: it says at once that it asks the daemon, and a moment later what came of that. */
  #tryAgain(job) {
    job.fail(null)
    if (!this.error) return
    setTimeout(() => {
      job.fail(this.error)
      this.#wake()
    }, 100)
  }

  #wake() {
    for (const listener of [...this.#listeners]) listener()
  }

  async #take({ id, method, params }, send, cancelled, documents) {
    switch (method) {
      case '$/cancelRequest':
        cancelled.add(params.id)
        return this.#wake()
      case 'textDocument/didOpen':
        documents.set(params.textDocument.uri, params.textDocument.text)
        return this.#elaborate(params.textDocument, send)
      case 'textDocument/didChange': {
        let text = documents.get(params.textDocument.uri)
        for (const { range, text: inserted } of params.contentChanges) {
          text = text.slice(0, offset(text, range.start)) + inserted + text.slice(offset(text, range.end))
        }
        documents.set(params.textDocument.uri, text)
        return this.#elaborate(params.textDocument, send)
      }
    }
    if (id === undefined) return
    try {
      const result = await this.#answer(method, params, documents, () => cancelled.has(id))
      send({ id, result: result ?? null })
    } catch (error) {
      send({ id, error: { code: error.code ?? -32603, message: error.message ?? String(error) } })
    }
  }

  #elaborate({ uri, version }, send) {
    const processing = { range: { start: { line: 0, character: 0 }, end: { line: 999, character: 0 } }, kind: 1 }
    send({ method: '$/lean/fileProgress', params: { textDocument: { uri, version }, processing: [processing] } })
    setTimeout(() => {
      send({ method: '$/lean/fileProgress', params: { textDocument: { uri, version }, processing: [] } })
      send({ method: 'textDocument/publishDiagnostics', params: { uri, version, diagnostics: [] } })
    }, 50)
  }

  #answer(method, params, documents, cancelled) {
    switch (method) {
      case 'initialize':
        return { serverInfo: { name: 'stand-in', version: '0.3.0' }, capabilities: { textDocumentSync: { openClose: true, change: 2 } } }
      case '$/lean/rpc/connect':
        return { sessionId: String(this.#session) }
      case '$/lean/rpc/call':
        return this.#call(params, documents.get(params.textDocument.uri), cancelled)
      default:
        throw { code: METHOD_NOT_FOUND, message: `no ${method}` }
    }
  }

  #call({ sessionId, method, params }, text, cancelled) {
    if (sessionId !== String(this.#session)) throw { code: NEEDS_RECONNECT, message: 'Outdated RPC session' }
    const proofs = this.recorded.files.find(file => file.text === text)?.proofs ?? []
    const at = ({ line }) => proofs.find(({ steps }) => steps[0].range.start.line - 1 <= line && line <= steps.at(-1).range.end.line)
    switch (method) {
      case 'Lean.Widget.getInteractiveGoals':
        return goalsAt(at(params.position), params.position)
      case 'Lean.Widget.getInteractiveTermGoal':
        return null
      case 'Lean.Widget.getInteractiveDiagnostics':
        return []
      case 'Lean.Widget.getWidgets': {
        const proof = at(params)
        return { widgets: proof ? [{ id: 'Eva.panel', javascriptHash: this.hash, props: this.#props(proof) }] : [] }
      }
      case 'Lean.Widget.getWidgetSource':
        return { sourcetext: this.widget }
      case 'Eva.Panel.poll':
        return this.#poll(params, proofs, cancelled)
      default:
        throw { code: METHOD_NOT_FOUND, message: `no RPC method ${method}` }
    }
  }

  #props(proof) {
    const { name, steps } = proof
    return { proof: `${name} ${fnv(JSON.stringify(steps))}`, name, steps, critique: this.critique }
  }

  async #poll(params, proofs, cancelled) {
    const poll = { ...params, cancelled: false, at: Date.now() }
    this.polls.push(poll)
    const rpcError = this.rpcErrors.shift()
    if (rpcError) throw rpcError
    if (!this.known) return { known: false }
    const proof = proofs.find(other => this.#props(other).proof === params.proof)
    if (!proof) return { known: false }
    if (!this.#jobs.has(params.proof)) this.#jobs.set(params.proof, new Job(proof, this.error))
    const job = this.#jobs.get(params.proof)
    if (params.retry) this.#tryAgain(job)
    if (this.prompt && !this.error) {
      job.tellScores(Infinity)
      if (this.critique && params.step !== null) job.tellWords(params.step, Infinity)
    }
    const end = Date.now() + POLL_MS
    this.waiting++
    while (job === this.#jobs.get(params.proof) && params.seen > 0 && job.revision <= params.seen && Date.now() < end && !cancelled()) {
      await new Promise(resolve => {
        const timer = setTimeout(done, end - Date.now())
        const listeners = this.#listeners
        function done() {
          clearTimeout(timer)
          listeners.delete(done)
          resolve()
        }
        listeners.add(done)
      })
    }
    this.waiting--
    poll.cancelled = cancelled()
    if (poll.cancelled) throw { code: CANCELLED, message: 'cancelled' }
    if (job !== this.#jobs.get(params.proof)) throw { code: NEEDS_RECONNECT, message: 'Outdated RPC session' }
    return job.since(params.seen, this.recorded)
  }
}

/** What is known of a proof so far. */
class Job {
  revision = 1
  #steps
  #pending
  #words

  constructor(proof, error) {
    this.proof = proof
    this.error = error
    this.#steps = proof.steps.map((_, index) => ({ revision: 1, shown: waiting(index) }))
    this.#pending = proof.events.flatMap(event => (event.score ? [event.score] : []))
    this.#words = proof.steps.map((_, index) => proof.events.filter(event => event.index === index))
  }

  tellScores(count) {
    for (const score of this.#pending.splice(0, count)) this.set(score.index, score)
  }

  tellWords(index, count) {
    for (const { text, final } of this.#words[index].splice(0, count)) {
      const { critique } = this.#steps[index].shown
      this.set(index, { critique: critique + text, critiqueDone: final })
    }
  }

  set(index, news) {
    this.revision++
    const step = this.#steps[index]
    this.#steps[index] = { revision: this.revision, shown: { ...step.shown, ...news, index } }
  }

  fail(error) {
    this.revision++
    this.error = error
  }

  since(seen, { model, scale }) {
    const scoring = this.#steps.some(({ shown }) => shown.status === 'waiting')
    return {
      known: true,
      revision: this.revision,
      phase: this.error ? 'failed' : scoring ? 'scoring' : 'done',
      model: this.error && scoring ? null : model,
      scale,
      error: this.error,
      steps: this.#steps.filter(step => step.revision > seen).map(step => step.shown),
    }
  }
}

const waiting = index => ({ index, status: 'waiting', value: null, message: null, dimensions: [], critique: '', critiqueDone: false })

function offset(text, { line, character }) {
  return text.split('\n').slice(0, line).reduce((sum, content) => sum + content.length + 1, 0) + character
}

/** The recorded goals of the step at a place, as the infoview wants them. */
function goalsAt(proof, { line }) {
  const index = proof?.steps.findIndex(step => step.range.start.line === line) ?? -1
  if (index < 0) return null
  return {
    goals: proof.goals[index].map((goal, i) => {
      const lines = goal.split('\n')
      const hyps = lines.flatMap(content => {
        const [, names, type] = /^([^⊢].*?) : (.*)$/.exec(content) ?? []
        return names ? [{ names: names.split(' '), fvarIds: names.split(' '), type: { text: type } }] : []
      })
      const target = lines.find(content => content.startsWith('⊢')) ?? ''
      return { mvarId: `goal${i}`, goalPrefix: '⊢ ', hyps, type: { text: target.slice(2) } }
    }),
  }
}

/** As Lean's `javascriptHash`: 64 bits, in decimal digits. */
function fnv(text) {
  let hash = 14695981039346656037n
  for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * 1099511628211n) & ((1n << 64n) - 1n)
  return hash.toString()
}

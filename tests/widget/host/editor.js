// What the infoview needs of VS Code: a plain editor, and a client of the Lean server (over a WebSocket). The infoview is
// loaded by its own loader, as VS Code does. Tests read `window.host`.
import { loadRenderInfoview } from '/infoview/loader.production.min.js'

const query = new URLSearchParams(location.search)
const uri = query.get('uri') ?? 'file:///project/Proof.lean'
let text = await (await fetch('/document')).text()
let version = 1
let cursor = { line: Number(query.get('line') ?? 0), character: Number(query.get('character') ?? 4) }
let infoview

const host = (window.host = { log: [], edit, moveTo })
let listens
const listening = new Promise(resolve => { listens = resolve })

// --- the Lean server
const socket = new WebSocket(`ws://${location.host}/lean`)
await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject })
const pending = new Map()
const fromServer = new Map()
const toServer = new Map()
let ids = 0
const send = message => socket.send(JSON.stringify({ jsonrpc: '2.0', ...message }))
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data)
  if (message.method === undefined) {
    const call = pending.get(message.id)
    pending.delete(message.id)
    if (message.error) call?.reject(message.error)
    else call?.resolve(message.result)
  } else if (message.id !== undefined) send({ id: message.id, result: null })
  else if (fromServer.get(message.method)) infoview?.gotServerNotification(message.method, message.params)
}
function request(method, params, options) {
  return new Promise((resolve, reject) => {
    const id = ++ids
    pending.set(id, { resolve, reject })
    send({ id, method, params })
    options?.abortSignal?.addEventListener('abort', () => pending.has(id) && notify('$/cancelRequest', { id }))
  })
}
function notify(method, params) {
  send({ method, params })
  if (toServer.get(method)) infoview?.sentClientNotification(method, params)
}

// --- the editor
const editor = document.getElementById('editor')
editor.tabIndex = -1
editor.onclick = event => {
  const line = event.target.closest('[data-line]')
  if (line) moveTo({ line: Number(line.dataset.line), character: 4 })
}
function draw() {
  editor.replaceChildren(...text.split('\n').map((content, i) => {
    const line = document.createElement('div')
    line.dataset.line = i
    line.className = i === cursor.line ? 'at' : ''
    const number = document.createElement('span')
    number.className = 'number'
    number.textContent = i + 1
    line.append(number, content || ' ')
    return line
  }))
}
function moveTo(place) {
  cursor = place
  draw()
  infoview?.changedCursorLocation({ uri, range: { start: place, end: place } })
}
function offset({ line, character }) {
  return text.split('\n').slice(0, line).reduce((sum, content) => sum + content.length + 1, 0) + character
}
function edit(range, newText) {
  text = text.slice(0, offset(range.start)) + newText + text.slice(offset(range.end))
  draw()
  notify('textDocument/didChange', { textDocument: { uri, version: ++version }, contentChanges: [{ range, text: newText }] })
}

// --- what the infoview may ask of the editor
const count = (map, method, by) => map.set(method, (map.get(method) ?? 0) + by)
const api = {
  saveConfig: async config => infoview.changedInfoviewConfig(config),
  sendClientRequest: (_, method, params, options) => request(method, params, options),
  sendClientNotification: async (_, method, params) => notify(method, params),
  async subscribeServerNotifications(method) {
    count(fromServer, method, 1)
    listens()
  },
  unsubscribeServerNotifications: async method => count(fromServer, method, -1),
  subscribeClientNotifications: async method => count(toServer, method, 1),
  unsubscribeClientNotifications: async method => count(toServer, method, -1),
  copyToClipboard: async copied => void host.log.push(['copyToClipboard', copied]),
  insertText: async () => {},
  applyEdit: async () => {},
  async showDocument(shown) {
    host.log.push(['showDocument', shown])
    editor.focus()
    if (shown.selection) moveTo(shown.selection.start)
  },
  restartFile: async () => {},
  async createRpcSession() {
    const { sessionId } = await request('$/lean/rpc/connect', { uri })
    setInterval(() => notify('$/lean/rpc/keepAlive', { uri, sessionId }), 10_000)
    return sessionId
  },
  closeRpcSession: async () => {},
}

const initialized = await request('initialize', {
  processId: null,
  rootUri: 'file:///project',
  clientInfo: { name: 'eva panel tests', version: '0' },
  initializationOptions: { hasWidgets: true },
  capabilities: { textDocument: { publishDiagnostics: {} }, lean: { silentDiagnosticSupport: true } },
})
notify('initialized', {})
// As in VS Code the document is there first: what the infoview asks about an unknown one it does not always ask again.
notify('textDocument/didOpen', { textDocument: { uri, languageId: 'lean4', version, text } })
draw()

const at = file => `${location.origin}/infoview/${file}.production.min.js`
loadRenderInfoview(
  { '@leanprover/infoview': at('index'), react: at('react'), 'react/jsx-runtime': at('react-jsx-runtime'), 'react-dom': at('react-dom') },
  [api, document.getElementById('infoview')],
  async loaded => {
    infoview = loaded
    // It subscribes to everything in one go, some time after its first rendering; what it is told in between is lost on it.
    await listening
    await infoview.serverRestarted(initialized)
    await infoview.initialize({ uri, range: { start: cursor, end: cursor } })
  },
)

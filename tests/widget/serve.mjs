// The page with the infoview, over HTTP on loopback, and its Lean server over a WebSocket.
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import path from 'node:path'
import { WebSocketServer } from 'ws'

const HERE = import.meta.dirname
const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.html': 'text/html', '.ttf': 'font/ttf' }

/**
 * @param {{ infoview: string, text: string, lean: (send: (message: object) => void) => { take(message: object): void, end(): void } }} options
 *   `infoview`: which one, "0.8.5" or "0.12.0"; `text`: the document; `lean`: what stands behind the WebSocket.
 * @returns {Promise<{ origin: string, close(): Promise<void> }>}
 */
export async function serve({ infoview, text, lean }) {
  const roots = { infoview: path.join(HERE, 'node_modules', `infoview-${infoview}`, 'dist'), host: path.join(HERE, 'host') }
  const server = http.createServer(async (request, response) => {
    const [, root, ...rest] = new URL(request.url, 'http://host').pathname.split('/')
    if (root === 'document') return response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(text)
    const file = root === '' ? path.join(roots.host, 'index.html') : roots[root] && path.join(roots[root], ...rest)
    try {
      const content = await readFile(file)
      response.writeHead(200, { 'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream' }).end(content)
    } catch {
      response.writeHead(404).end()
    }
  })
  const sockets = new WebSocketServer({ server, path: '/lean' })
  sockets.on('connection', socket => {
    const { take, end } = lean(message => socket.send(JSON.stringify({ jsonrpc: '2.0', ...message })))
    socket.on('message', data => take(JSON.parse(data)))
    socket.on('close', end)
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise(resolve => {
      for (const client of sockets.clients) client.terminate()
      server.close(resolve)
      server.closeAllConnections()
    }),
  }
}

/** A Lean server that is a process and speaks LSP over its standard input and output. */
export function processServer(command, options) {
  return send => {
    const child = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'], ...options })
    let input = Buffer.alloc(0)
    child.stdout.on('data', data => {
      input = Buffer.concat([input, data])
      for (;;) {
        const head = input.indexOf('\r\n\r\n')
        if (head < 0) return
        const length = Number(/Content-Length: (\d+)/i.exec(input.subarray(0, head).toString())[1])
        const end = head + 4 + length
        if (input.length < end) return
        const { jsonrpc, ...message } = JSON.parse(input.subarray(head + 4, end).toString())
        input = input.subarray(end)
        send(message)
      }
    })
    return {
      take(message) {
        const content = Buffer.from(JSON.stringify(message))
        child.stdin.write(`Content-Length: ${content.length}\r\n\r\n`)
        child.stdin.write(content)
      },
      end: () => child.kill(),
    }
  }
}

// What `ClientError.what` and `.remedy` (lean/Eva/Client/Error.lean) say, as the panel is given it.
const FILE = '/home/me/.cache/eva/daemon.json'

export const missing = { kind: 'missing', what: `no daemon runs (no ${FILE})`, remedy: "start one with 'eva serve --detach'" }
export const stale = { kind: 'stale', what: `the daemon of ${FILE} (pid 4711) is gone`, remedy: "start one with 'eva serve --detach'" }
export const wrongToken = {
  kind: 'wrongToken',
  what: `the daemon at tcp://127.0.0.1:40111 refused the token of ${FILE}`,
  remedy: "it is another daemon's: restart it with 'eva stop' and 'eva serve --detach'",
}
export const lost = {
  kind: 'lost',
  what: 'the connection to the daemon at tcp://127.0.0.1:40111 was lost',
  remedy: "it may have ended: see 'eva status', start one with 'eva serve --detach'",
}
export const deadline = {
  kind: 'deadline',
  what: 'the daemon was not done within 10000 ms',
  remedy: 'give it more time (option eva.timeout), or serve a smaller model',
}
export const cancelled = { kind: 'cancelled', what: 'the request was cancelled', remedy: 'ask again if it is wanted after all' }
export const busy = { kind: 'failed', code: 'busy', what: 'the queue is full: 4096 steps wait (busy)', remedy: 'try again later' }
export const modelError = {
  kind: 'failed',
  code: 'model_error',
  what: 'the model gave NaN (model_error)',
  remedy: "see the daemon's log ('eva status' says where it is)",
}

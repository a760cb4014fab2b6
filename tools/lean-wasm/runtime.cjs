// What the edits of trim-loader.cjs call. Stands at the top of the trimmed loader and shares its scope: names such as
// FS, TTY, PThread, wasmTable and wasmImports are Emscripten's. Runs in the main thread and in each worker.

let leanExports = null;
let leanSymbolList = null;
let leanSymbolPlace = null;

function leanInheritExports(exports) {
  for (const name of Object.keys(wasmImports)) {
    const own = wasmImports[name];
    if ((own === undefined || own === null || own.stub) && exports[name] !== undefined) delete wasmImports[name];
  }
  Object.setPrototypeOf(wasmImports, exports);
  if (!wasmImports['main'] && exports['__main_argc_argv']) wasmImports['main'] = exports['__main_argc_argv'];
  else if (exports['main']) wasmImports['__main_argc_argv'] ??= exports['main'];
  leanExports = exports;
}

// Symbols are numbered in the order of the exports, the same in all threads.
function leanSymbols() {
  return (leanSymbolList ??= Object.keys(leanExports));
}

function leanSymbolIndex(name) {
  leanSymbolPlace ??= new Map(leanSymbols().map((symbol, index) => [symbol, index]));
  return leanSymbolPlace.get(name) ?? -1;
}

// Every exported function needs its slot: a main thread that waits cannot hand a new slot to the other threads later,
// so all threads lay out the same table from the start.
function leanFillTable() {
  const first = wasmTable.length;
  const slots = (functionsInTableMap = new Map());
  for (let slot = 0; slot < first; slot++) {
    const known = wasmTable.get(slot);
    if (known) slots.set(known, slot);
  }
  const added = [];
  for (const name of leanSymbols()) {
    const value = leanExports[name];
    if (typeof value === 'function' && !slots.has(value) && !isInternalSym(name)) {
      slots.set(value, first + added.length);
      added.push(value);
    }
  }
  wasmTable.grow(added.length);
  added.forEach((value, index) => wasmTable.set(first + index, value));
}

// Lean sees the host's directories under their own names, except those that Emscripten provides itself.
function leanMountHost() {
  const fs = require('node:fs');
  const own = new Set(['dev', 'proc', 'sys']);
  for (const name of fs.readdirSync('/')) {
    const directory = '/' + name;
    if (own.has(name) || !fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory()) continue;
    try {
      FS.mkdir(directory);
    } catch {} // it is there already
    FS.mount(NODEFS, { root: directory }, directory);
  }
  // The build is instrumented: at its end it would leave a default.profraw in the working directory.
  const open = FS.open;
  FS.open = (file, flags, mode) =>
    open(typeof file === 'string' && file.endsWith('default.profraw') ? '/dev/null' : file, flags, mode);
}

// The main thread waits in Lean and never sees the messages of its workers; those of ended threads are taken here.
function leanReapThreads() {
  if (ENVIRONMENT_IS_PTHREAD) return;
  const { receiveMessageOnPort } = require('node:worker_threads');
  for (const worker of [...PThread.runningWorkers]) {
    const key = Object.getOwnPropertySymbols(worker).find((symbol) => symbol.description === 'kPublicPort');
    if (!key || !worker[key]) return;
    for (let received; (received = receiveMessageOnPort(worker[key])); ) {
      const { message } = received;
      if (message?.cmd === 'cleanupThread') cleanupThread(message.thread);
      else worker.onmessage({ data: message });
    }
  }
}

// A thrown lean::exception holds a std::string after its vtable; libc++ keeps short strings in place.
function leanShowThrown(pointer) {
  const fs = require('node:fs');
  const bytes = new Uint8Array(wasmMemory.buffer);
  const view = new DataView(wasmMemory.buffer);
  const object = pointer + 4;
  const tag = bytes[object + 11];
  const long = (tag & 0x80) !== 0;
  const start = long ? view.getUint32(object, true) : object;
  const length = long ? Math.min(view.getUint32(object + 4, true), 2000) : tag;
  fs.writeSync(2, `[throw] ${Buffer.from(bytes.slice(start, start + length)).toString()}\n`);
}

// Emscripten's terminal devices work by lines of text; here bytes pass as they are, both ways.
function leanStandardStreams() {
  if (ENVIRONMENT_IS_PTHREAD) return;
  const fs = require('node:fs');
  const nap = new Int32Array(new SharedArrayBuffer(4));

  function writeAll(descriptor, bytes) {
    for (let at = 0; at < bytes.length; ) {
      try {
        at += fs.writeSync(descriptor, bytes, at, bytes.length - at);
      } catch (error) {
        if (error.code === 'EPIPE') return;
        if (error.code !== 'EAGAIN') throw error;
        Atomics.wait(nap, 0, 0, 2);
      }
    }
  }

  // This build traces to stderr: lines `[DEBUG:…`, each with indented lines of detail.
  let lineStart = true, inTrace = false, dropping = false;
  function writeWithoutTraces(bytes) {
    for (let at = 0; at < bytes.length; ) {
      const newline = bytes.indexOf(10, at);
      const end = newline < 0 ? bytes.length : newline + 1;
      const line = bytes.subarray(at, end);
      if (lineStart) {
        const text = line.toString('latin1');
        const detail = inTrace && (text.startsWith('  - ') || text.startsWith('  mainModule? = '));
        dropping = detail || text.startsWith('[DEBUG:');
        inTrace = dropping;
      }
      if (!dropping) writeAll(2, line);
      lineStart = newline >= 0;
      at = end;
    }
  }

  TTY.stream_ops.write = (stream, buffer, offset, length) => {
    const bytes = Buffer.from(new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length)); // a copy
    if (stream.tty.ops === TTY.default_tty1_ops) writeWithoutTraces(bytes);
    else writeAll(1, bytes);
    return length;
  };
  TTY.stream_ops.fsync = () => {};
  TTY.stream_ops.close = () => {};

  // The main thread must not sleep in read(2): it carries out the file and output calls of the other threads.
  let input = 0;
  try {
    input = fs.openSync('/dev/stdin', fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  } catch {} // stdin is closed, or no file of its own: read it as it is
  TTY.stream_ops.read = (stream, buffer, offset, length) => {
    const bytes = Buffer.alloc(length);
    for (;;) {
      try {
        const count = fs.readSync(input, bytes, 0, length, null);
        new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length).set(bytes.subarray(0, count));
        return count;
      } catch (error) {
        if (error.code === 'EOF') return 0;
        if (error.code !== 'EAGAIN') throw new FS.ErrnoError(29);
        __emscripten_check_mailbox();
        Atomics.wait(nap, 0, 0, 1);
      }
    }
  };
}

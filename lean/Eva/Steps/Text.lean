module

public meta import Eva.Steps.Walk

/-!
# The source of steps and statements
-/

open Lean

namespace Eva.Steps

public meta section

/-- A piece of the file. -/
def slice (map : FileMap) (start stop : String.Pos.Raw) : String := String.Pos.Raw.extract map.source start stop

private def withoutEnd (text : List Char) : List Char := (text.reverse.dropWhile Char.isWhitespace).reverse

def trimEnd (text : String) : String := String.ofList (withoutEnd text.toList)

/-- How deep in block comments a line ends that begins `depth` deep in them. -/
private def depthAfter : (depth : Nat) → (line : List Char) → Nat
  | 0, '-' :: '-' :: _ => 0
  | depth, '/' :: '-' :: rest => depthAfter (depth + 1) rest
  | depth + 1, '-' :: '/' :: rest => depthAfter depth rest
  | depth, _ :: rest => depthAfter depth rest
  | depth, [] => depth

/-- The lines in a syntax that are nothing but a `--` comment, line ends included. -/
partial def commentLines (map : FileMap) (stx : Syntax) : Array Syntax.Range :=
  match stx with
  | .node _ _ args => args.flatMap (commentLines map)
  | .atom (.original _ _ behind _) _ | .ident (.original _ _ behind _) .. => Id.run do
    -- Comments stand behind tokens; the first line there is the token's own.
    let first :: lines := (slice map behind.startPos behind.stopPos).splitOn "\n" | return #[]
    let mut depth := depthAfter 0 first.toList
    let mut number := (map.toPosition behind.startPos).line
    let mut found := #[]
    for line in lines do
      number := number + 1
      if depth == 0 && (line.toList.dropWhile Char.isWhitespace).take 2 == ['-', '-'] then
        found := found.push ⟨map.ofPosition ⟨number, 0⟩, map.ofPosition ⟨number + 1, 0⟩⟩
      depth := depthAfter depth line.toList
    return found
  | _ => #[]

/-- A piece of the file without what is cut out of it. -/
private def sliceWithout (map : FileMap) (start stop : String.Pos.Raw) (cuts : Array Syntax.Range) : String := Id.run do
  let mut text := ""
  let mut at' := start
  let inside := cuts.toList.filter fun cut => start ≤ cut.start && cut.start < stop
  for cut in inside.mergeSort (·.start ≤ ·.start) do
    text := text ++ slice map at' cut.start
    at' := max at' cut.stop
  return text ++ slice map at' stop

/-- Where a header's first line ends: after the `with` of its arms, after `then`. -/
private def headerEnd? (stx : Syntax) : Option String.Pos.Raw :=
  let words := ["with", "then"]
  stx.getArgs.findSome? fun arg =>
    if words.any arg.isToken then arg.getTailPos?
    else (arg.find? (·.isOfKind `Lean.Parser.Tactic.inductionAlts)).bind (·[0].getTailPos?)

/-- Lines without what indents the file, without trailing and empty ones. -/
private def dedent (margin : Nat) (text : String) : String :=
  let indented (line : List Char) := (line.takeWhile (· == ' ')).length
  let lines := (text.splitOn "\n").map String.toList
  let lines := lines.take 1 ++ (lines.drop 1).map fun line => line.drop (min margin (indented line))
  "\n".intercalate <| (lines.map withoutEnd).filter (!·.isEmpty) |>.map String.ofList

/-- A step's source: without its blocks, without lines of `comments`, without the file's indentation; a header ends at
its word. -/
def Found.text (map : FileMap) (comments : Array Syntax.Range) (found : Found) : String :=
  let header? := if found.arms then headerEnd? found.node.stx else none
  let text := match header? with
    | some stop => sliceWithout map found.start stop comments
    | none =>
      let blocks : Array Syntax.Range := found.blocks.map fun { start, stop, .. } => ⟨start, stop⟩
      sliceWithout map found.start found.stop (blocks ++ comments)
  dedent (map.toPosition found.start).column text

/-- A declaration in the source of a command. -/
structure Declaration where
  /-- As written; `""` for an example or an unnamed instance. -/
  name : String
  /-- Where its keyword stands. -/
  start : String.Pos.Raw
  /-- Where its body begins. -/
  body : String.Pos.Raw
  stop : String.Pos.Raw

namespace Declaration

/-- The statement as the author wrote it, without lines of `comments`. -/
def statement (map : FileMap) (comments : Array Syntax.Range) (declaration : Declaration) : String :=
  trimEnd (sliceWithout map declaration.start declaration.body comments)

private def signatures : List Name := [`Lean.Parser.Command.declSig, `Lean.Parser.Command.optDeclSig]

/-- The declaration that a node is: one with a name or a signature among its parts. -/
private def ofNode? (map : FileMap) (stx : Syntax) : Option Declaration := do
  let args := stx.getArgs
  let isId (arg : Syntax) := arg.isOfKind `Lean.Parser.Command.declId
  let id? (arg : Syntax) := if isId arg then some arg else if arg.isOfKind nullKind then arg.getArgs.find? isId else none
  let isHead (arg : Syntax) := signatures.contains arg.getKind || (id? arg).isSome
  guard <| args.any isHead
  let past := args.size - ((args.toList.reverse.findIdx? isHead).getD args.size)
  let keyword ← args.find? fun arg => !arg.isOfKind `Lean.Parser.Term.attrKind && arg.getPos?.isSome
  let name := (args.findSome? id?).bind fun id => return slice map (← id[0].getPos?) (← id[0].getTailPos?)
  let start ← keyword.getPos?
  let body := (args.toList.drop past).findSome? (·.getPos?)
  let stop := stx.getTailPos?.getD start
  return { name := name.getD "", start, body := body.getD stop, stop }

/-- The declarations in a command, in the order of the source. -/
partial def inCommand (map : FileMap) (stx : Syntax) : Array Declaration :=
  match ofNode? map stx with
  | some declaration => #[declaration]
  | none => stx.getArgs.flatMap (inCommand map)

end Declaration

end

end Eva.Steps

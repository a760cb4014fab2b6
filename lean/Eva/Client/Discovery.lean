module

public import Eva.Client.Channel
public import Eva.Protocol.Field

/-!
# Where the daemon is

The connection file of `docs/protocol.md`: where it lies, who may have touched it, what it says, and whether its daemon
lives.

Known limits: core Lean tells neither the owner nor the mode of a file, so `ls` is asked (POSIX; not on Windows); where
no `ls` can be run, that check is left out. The daemon of another machine needs CURVE, which is not spoken here.
-/

open System (FilePath)
open Lean (Json)

namespace Eva

public section

/-- What the connection file says. -/
structure Connection where
  path : FilePath
  address : Address
  /-- The address as the file has it, for messages. -/
  endpoint : String
  token : String
  pid : Nat
  model : String
  /-- The daemon's machine; `""` where the file does not say. -/
  host : String := ""
  deriving Inhabited, BEq, Repr

namespace Connection

/-- Longest connection file that is read, in bytes. -/
def maxFile : Nat := 64 * 1024

/-- Where the connection file is. -/
def findPath (env : String → BaseIO (Option String) := IO.getEnv)
    (windows : Bool := System.Platform.isWindows) : EIO ClientError FilePath := do
  let set (name : String) : BaseIO (Option FilePath) := do
    return (← env name).filter (!·.isEmpty) |>.map FilePath.mk
  if let some file ← set "EVA_CONNECTION_FILE" then return file
  if let some directory ← set "XDG_RUNTIME_DIR" then return directory / "eva" / "daemon.json"
  if windows then
    if let some directory ← set "LOCALAPPDATA" then return directory / "eva" / "daemon.json"
    if let some home ← set "USERPROFILE" then return home / "AppData" / "Local" / "eva" / "daemon.json"
    throw <| .noHome "LOCALAPPDATA"
  if let some home ← set "HOME" then return home / ".cache" / "eva" / "daemon.json"
  throw <| .noHome "HOME"

/-- The loopback address in `tcp://…:port`; `none` for addresses of other machines, an error for what is no address. -/
def parseEndpoint (endpoint : String) : Except String (Option Address) := do
  let some rest := (endpoint.dropPrefix? "tcp://").map (·.copy) | throw "is not tcp://host:port"
  let parts := rest.splitOn ":"
  let (host, port) := (":".intercalate parts.dropLast, parts.getLastD "")
  let some port := port.toNat? | throw s!"has the port '{port}'"
  unless 0 < port && port < 65536 do throw s!"has the port {port}"
  if host.isEmpty then throw "has no host"
  let address (host : Host) := some { host, port := port.toUInt16 }
  if host == "localhost" then return address (.loopback4 0 0 1)
  if host == "[::1]" then return address .loopback6
  match (host.splitOn ".").map String.toNat? with
  | [some 127, some b, some c, some d] =>
    unless b < 256 && c < 256 && d < 256 do throw s!"has the host '{host}'"
    return address (.loopback4 b.toUInt8 c.toUInt8 d.toUInt8)
  | _ => return none

/-- Read the text of a connection file. -/
def parse (path : FilePath) (text : String) : Except ClientError Connection := do
  let bad (why : String) : ClientError := .malformed path why
  let data ← (Json.parse text).mapError fun _ => bad "is not JSON"
  let readable {α : Type} (result : Except String α) : Except ClientError α :=
    result.mapError fun why => bad s!"is malformed: {why}"
  unless data matches .obj _ do throw <| bad "is not a JSON object"
  let version := data.getObjValD "eva"
  unless version == 1 do throw <| bad s!"is of version {Protocol.shown version}, not 1"
  let endpoint ← readable <| Protocol.stringField data "endpoint"
  let token ← readable <| Protocol.stringField data "token"
  let pid ← readable <| Protocol.natField data "pid"
  let model ← readable <| Protocol.stringField data "model"
  let address? ← (parseEndpoint endpoint).mapError fun why => bad s!"has the endpoint '{endpoint}', which {why}"
  unless data.getObjValD "curve" matches .null do throw <| .needsCurve endpoint
  let some address := address? | throw <| .needsCurve endpoint
  let host := (data.getObjValAs? String "host").toOption.getD ""
  return { path, address, endpoint, token, pid, model, host }

/-- What is wrong with the owner or the mode in a line of `ls -ldn`, for the user `uid`. -/
def unsafeListing? (line uid : String) : Option String :=
  match (line.splitOn " ").filter (!·.isEmpty) with
  | mode :: _ :: owner :: _ =>
    if owner != uid then some s!"belongs to another user (uid {owner})"
    else if (mode.toList.drop 4 |>.take 6).any (· != '-') then some s!"can be opened by others (mode {mode})"
    else none
  | _ => none

/-- What `ls` and `id` say against a file. -/
def askLs (path : FilePath) : BaseIO (Option String) := do
  let run (command : String) (arguments : Array String) : IO String :=
    return (← IO.Process.output { cmd := command, args := arguments, stdin := .null }).stdout.trimAscii.copy
  let asked : IO (Option String) := do
    return unsafeListing? (← run "ls" #["-ldn", "--", path.toString]) (← run "id" #["-u"])
  return (← asked.toBaseIO).toOption.join

/-- Whether the daemon of a connection file is certainly gone: its lock is there, and free. A lock that another host's
daemon left says nothing of a file that was copied here. -/
def isAbandoned (path : FilePath) (host : String) : BaseIO Bool := do
  let tried : IO Bool := do
    let lock ← IO.FS.Handle.mk (path.toString ++ ".lock") .read
    let left := (← lock.getLine).trimAscii.copy.splitOn " "
    if let [_, holder] := left then
      if host != "" && holder != host then return false
    let free ← lock.tryLock (exclusive := false)
    if free then lock.unlock
    return free
  return (← tried.toBaseIO).toOption.getD false -- no lock, or a file system without locks: only connecting tells

/-- Read a connection file that nobody else could have written or read. -/
def read (path : FilePath) : EIO ClientError Connection := do
  let unreadable : IO.Error → ClientError
    | .noFileOrDirectory .. => .missing path
    | error => .unsafeFile path s!"cannot be read ({error})"
  match (← path.symlinkMetadata.toEIO unreadable).type with
  | .file => pure ()
  | .symlink => throw <| .unsafeFile path "is a symbolic link"
  | _ => throw <| .unsafeFile path "is not a regular file"
  unless System.Platform.isWindows do
    if let some why ← askLs path then throw <| .unsafeFile path why
  let bytes ← (do (← IO.FS.Handle.mk path .read).read maxFile.toUSize : IO ByteArray).toEIO unreadable
  let some text := String.fromUTF8? bytes | throw <| .malformed path "is not UTF-8"
  let connection ← EIO.ofExcept (parse path text)
  if ← isAbandoned path connection.host then throw <| .stale path connection.pid
  return connection

end Connection

end

end Eva

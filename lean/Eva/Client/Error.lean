module

/-!
# Why a request has no answer

One type for all that can go wrong between Lean and the daemon: what is the matter (`what`), and what to do about it
(`remedy`). A `ClientError` is never a score.
-/

open System (FilePath)

namespace Eva

public section

inductive ClientError where
  /-- The connection file's place is not known: the environment variable `unset` is missing. -/
  | noHome (unset : String)
  /-- There is no connection file: no daemon was started. -/
  | missing (path : FilePath)
  /-- The connection file is not what `docs/protocol.md` says. -/
  | malformed (path : FilePath) (why : String)
  /-- Others could have written the connection file, or read the token in it. -/
  | unsafeFile (path : FilePath) (why : String)
  /-- The connection file's daemon is gone. -/
  | stale (path : FilePath) (pid : Nat)
  /-- The daemon is to be reached by a way that only the Python client has. -/
  | needsCurve (endpoint : String)
  /-- Nothing listens there. -/
  | unreachable (endpoint why : String)
  /-- Whatever listens there did not finish the handshake. -/
  | noHandshake (endpoint : String) (milliseconds : Nat)
  /-- The daemon refused the token. -/
  | wrongToken (endpoint : String) (path : FilePath)
  /-- What listens there is no eva daemon, or one of another version. -/
  | notDaemon (endpoint why : String)
  /-- The connection ended while an answer was awaited. -/
  | lost (endpoint : String)
  /-- The request is one that the daemon would not take. -/
  | badRequest (why : String)
  /-- The daemon's `error`, with the codes of `docs/protocol.md` (but for the two that follow). -/
  | failed (code message : String)
  /-- The request's deadline passed: the daemon said so, or (`told = false`) said nothing at all. -/
  | deadline (milliseconds : Nat) (told : Bool)
  | cancelled
  deriving Inhabited, BEq, Repr

namespace ClientError

/-- What is the matter, in one line. -/
def what : ClientError → String
  | .noHome unset => s!"the daemon's connection file cannot be found: {unset} is not set"
  | .missing path => s!"no daemon runs (no {path})"
  | .malformed path why | .unsafeFile path why => s!"{path} {why}"
  | .stale path pid => s!"the daemon of {path} (pid {pid}) is gone"
  | .needsCurve endpoint => s!"the daemon at {endpoint} is to be reached with CURVE, which Lean does not speak"
  | .unreachable endpoint why => s!"nothing answers at {endpoint}: {why}"
  | .noHandshake endpoint ms => s!"{endpoint} did not finish the handshake within {ms} ms"
  | .wrongToken endpoint path => s!"the daemon at {endpoint} refused the token of {path}"
  | .notDaemon endpoint why => s!"what answers at {endpoint} is no eva daemon of this version: {why}"
  | .lost endpoint => s!"the connection to the daemon at {endpoint} was lost"
  | .badRequest why => why
  | .failed code message => s!"{message} ({code})"
  | .deadline ms true => s!"the daemon was not done within {ms} ms"
  | .deadline ms false => s!"no answer within {ms} ms"
  | .cancelled => "the request was cancelled"

/-- What to do about it, in one line. -/
def remedy : ClientError → String
  | .noHome _ => "set EVA_CONNECTION_FILE to the daemon's connection file"
  | .missing _ | .stale .. => "start one with 'eva serve --detach'"
  | .malformed .. | .unsafeFile .. => "stop the daemon, remove that file and start the daemon again"
  | .needsCurve _ => "serve on this machine without --curve, or forward the daemon's port (ssh -L)"
  | .unreachable .. => "start a daemon with 'eva serve --detach'"
  | .noHandshake .. => "is the token right? See 'eva status', and restart the daemon"
  | .wrongToken .. => "it is another daemon's: restart it with 'eva stop' and 'eva serve --detach'"
  | .notDaemon .. => "install the same version of eva on both sides, and restart the daemon"
  | .lost _ => "it may have ended: see 'eva status', start one with 'eva serve --detach'"
  | .badRequest _ => "ask for less at a time"
  | .failed "busy" _ => "try again later"
  | .failed "unsupported_version" _ => "install the same version of eva on both sides"
  | .failed "too_large" _ => "send fewer steps at a time"
  | .failed .. => "see the daemon's log ('eva status' says where it is)"
  | .deadline .. => "give it more time (option eva.timeout), or serve a smaller model"
  | .cancelled => "ask again if it is wanted after all"

def toString (error : ClientError) : String := s!"{error.what}: {error.remedy}"

instance : ToString ClientError := ⟨toString⟩

end ClientError

end

end Eva

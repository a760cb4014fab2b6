module

public import Eva.Client
public import Eva.Client.Tcp

/-!
# The process's clients

All files and panels of one Lean process speak over one connection to the usual daemon, and over one to each daemon
whose connection file they name.
-/

namespace Eva

public section

/-- How channels are opened: TCP, unless a test says otherwise. -/
initialize dialer : IO.Ref Dial ← IO.mkRef Tcp.dial

private def dialAsSet : Dial := fun address endpoint milliseconds => do
  (← dialer.get) address endpoint milliseconds

/-- The client of this process for the daemon whose connection file is where it usually is. -/
initialize sharedClient : Client ← Client.new dialAsSet

/-- The clients of this process for other connection files, by path. -/
private initialize otherClients : IO.Ref (List (String × Client)) ← IO.mkRef []

/-- The client of this process for the daemon of a connection file; `""`: where that usually is. -/
def clientAt (connectionFile : String) : BaseIO Client := do
  if connectionFile.isEmpty then return sharedClient
  let client ← Client.new dialAsSet (Connection.read connectionFile)
  otherClients.modifyGet fun clients =>
    match clients.lookup connectionFile with
    | some known => (known, clients)
    | none => (client, (connectionFile, client) :: clients)

end

end Eva

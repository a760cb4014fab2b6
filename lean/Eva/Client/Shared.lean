module

public import Eva.Client
public import Eva.Client.Tcp

/-!
# The process's client

All files and panels of one Lean process speak over one connection.
-/

namespace Eva

public section

/-- How channels are opened: TCP, unless a test says otherwise. -/
initialize dialer : IO.Ref Dial ← IO.mkRef Tcp.dial

/-- The one client of this process. -/
initialize sharedClient : Client ← Client.new fun address endpoint milliseconds => do
  (← dialer.get) address endpoint milliseconds

end

end Eva

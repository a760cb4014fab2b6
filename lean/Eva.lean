module

public import Eva.Client.Shared
public import Eva.Protocol

/-!
# eva: a reward model that reads your Lean proof with you

`Eva.Client`: asks the daemon, over `Eva.Zmtp` (ZeroMQ in pure Lean), from any number of threads.
`Eva.Protocol`: the messages between a client and the daemon (`docs/protocol.md`).
-/

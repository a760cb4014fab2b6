module

public import Eva.Protocol

/-!
# eva: a reward model that reads your Lean proof with you

`Eva.Protocol`: the messages between a client and the daemon (`docs/protocol.md`).
-/

module

public import Eva.Zmtp.State

/-!
# ZMTP 3.1: the client's side of a ZeroMQ connection

ZeroMQ RFC 37 (greeting, frames, commands, heartbeats) with the mechanisms PLAIN (RFC 24) and NULL, for a DEALER that
connects. `State` is pure: `State.start` gives the first bytes to send, and `State.feed` takes bytes as they come, in
pieces of any size, and gives back events and the bytes to answer with. How bytes travel is not its business
(`Eva.Client.Channel`).

Whatever the peer sends ends in an event or in an `Error`: no input loops, and no more is kept than `Limits` allow.

| file | |
|---|---|
| `Error` | what can be wrong with a peer's bytes |
| `Frame` | numbers and text in bytes; headers, messages |
| `Greeting` | the first 64 octets of each side |
| `Command` | commands and the properties in them |
| `State` | the conversation |
-/

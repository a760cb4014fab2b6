module

public import Eva.Protocol.Event
public import Eva.Protocol.Request

/-!
# The wire: eva protocol 1

`docs/protocol.md` as structures: a client encodes a `Request` and decodes `Event`s. Pure, and free of meta code, so that
executables can use it as well. The vectors in `tests/vectors/` are read by the tests of both languages.
-/

module

public import Eva.Auto
public import Eva.Client.Shared
public import Eva.CodeAction
public import Eva.Linter
public import Eva.Protocol

/-!
# eva: a reward model that reads your Lean proof with you

What an author meets:
- `Eva.Command`: `#eva_score theorem …`. `Eva.Tactic`: `eva_score tac`. `Eva.Options`: `set_option eva.auto true`, and how the
  daemon is asked.
- `Eva.Auto`: panel and hints in the editor. `Eva.Linter`: messages where a file is built. `Eva.Message`: their words.
- `Eva.Panel` with `lean/widget/`, `Eva.Hints`, `Eva.CodeAction`: what the editor shows, and how it gets it.

What these stand on:
- `Eva.Steps`: which tactics of a proof are steps, out of its info tree.
- `Eva.Scoring`: what is known of which step, for all who show it, and the requests that are under way.
- `Eva.Client`: asks the daemon, over `Eva.Zmtp` (ZeroMQ in pure Lean), from any number of threads.
- `Eva.Protocol`: the messages between a client and the daemon (`docs/protocol.md`).
-/

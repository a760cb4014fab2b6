"""A file in an editor, and what its infoview asks about a place in it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from lsp import LspClient, Message, Pending

ROOT = Path(__file__).parents[2]
HEADER = "import Eva\n\n"


class Editor(LspClient):
    """An editor with one file, and the panel that belongs to a place in it."""

    def __init__(self, connection: Path) -> None:
        super().__init__(
            [sys.executable, str(ROOT / "tools" / "lean_worker.py"), "--connection", str(connection)]
        )

    def show(self, body: str) -> list[Message]:
        """Replace all behind the header; the messages of the file."""
        self.replace(self.text[len(HEADER) :], body)
        return self.elaborated()

    def panel(self, place: str) -> Message:
        """The props of the panel at a place."""
        widgets = self.widgets(self.position_of(place))
        assert [widget["id"] for widget in widgets] == ["Eva.Panel.widget"]
        props = widgets[0]["props"]
        assert isinstance(props, dict)
        return props

    def ask(self, props: Message, seen: int = 0, step: int | None = None, retry: bool = False) -> Pending:
        params = {"proof": props["proof"], "seen": seen, "step": step, "retry": retry}
        return self.call("Eva.Panel.poll", {"line": 0, "character": 0}, params)

    def poll(self, props: Message, seen: int = 0, step: int | None = None, retry: bool = False) -> Message:
        answer = self.ask(props, seen, step, retry).result()
        assert isinstance(answer, dict)
        return answer

    def watch(
        self, props: Message, enough: Callable[[Message], bool], step: int | None = None
    ) -> list[Message]:
        """Poll as the panel does, until an answer is enough; all answers."""
        answers = [self.poll(props, 0, step)]
        while not enough(answers[-1]):
            assert answers[-1]["error"] is None, answers[-1]["error"]
            answers.append(self.poll(props, answers[-1]["revision"], step))
        return answers

    def outcome(self, props: Message) -> Message:
        """Try again, once, and wait as the panel does until Lean has scores or an error."""
        answer = self.poll(props, retry=True)
        while answer["phase"] == "scoring":
            answer = self.poll(props, answer["revision"])
        return answer

    def hints(self) -> dict[tuple[int, int], Message]:
        """The inlay hints that have a label, by line and column."""
        whole = {"start": {"line": 0, "character": 0}, "end": self.position_of(len(self.text))}
        hints = self.request(
            "textDocument/inlayHint", {"textDocument": self.document, "range": whole}
        ).result()
        places = {(hint["position"]["line"], hint["position"]["character"]): hint for hint in hints}
        return {place: hint for place, hint in places.items() if hint["label"]}

    def actions(self, place: str) -> list[Message]:
        at = {"start": self.position_of(place), "end": self.position_of(place)}
        params = {"textDocument": self.document, "range": at, "context": {"diagnostics": []}}
        actions = self.request("textDocument/codeAction", params).result()
        return [action for action in actions if action["title"].startswith("EVA")]

"""From labelled steps to token ids, with the place of every score known."""

from __future__ import annotations

import math
from array import array
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random
from typing import Any, Literal

from eva.data.record import LABELS, LabelledStep, rescale
from eva.model.anchors import Path
from eva.model.frame import CONTEXT, Frame, anchor_tokens, encode_after, newline
from eva.model.prompt import completion, prompt, score_text, think_text
from eva.step import DIMENSIONS, ProofStep

Written = Literal["score_first", "critique_first", "scores_alone", "none"]
"""How an output is written. `none` ends behind the scores; `scores_alone` is the start of `score_first`."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A token that is not in the text: an inner node of the anchors' trie, read beside the text.

    - `token`, `position`: as it would stand in the text. `upto`: it sees the first so many tokens of the
      text.
    - `parents`: the branches of the same example, by number, that stand before it.
    """

    token: int
    position: int
    upto: int
    parents: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """One training text.

    - `ids`: prompt, output and end-of-text token (none where the output goes on). `start`: index of the
      first output token.
    - `scores`: for each dimension, first and one past the last token of its written score.
    - `reads`: for each dimension, where the logits of each inner node of its anchors' trie are: an index into
      `ids` and, behind them, `branches`. With one-token anchors there is one node, the place before the
      integer.
    - `branches`: empty where every anchor is one token.
    - `targets`: the fractional R_k of each dimension, on the anchors' scale.
    - `seen`: what the model reads in place of `ids`, where that is something else (`Encoder.with_noise`).
    - `inside`: with `branches`, what cross-entropy asks inside the written integers: a place, counted as in
      `reads`, and the token that follows it. Noise in the text does not reach these places.
    """

    ids: list[int]
    start: int
    scores: tuple[tuple[int, int], ...]
    reads: tuple[tuple[int, ...], ...]
    branches: tuple[Branch, ...]
    targets: tuple[float, ...]
    seen: list[int] | None = None
    inside: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Pieces:
    """A labelled step in tokens, before an order is chosen: prompt, critique with its marks, scores.

    `before`: the critique that stands before scores; `think` stands after them. `state`: theorem, earlier
    steps and goals, equal for steps that were proposed in one place.
    """

    state: Hashable
    head: array[int]
    think: array[int]
    before: array[int]
    scored: ScoreTokens
    targets: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ScoreTokens:
    """A score object in tokens; `spans`: first and one past the last token of each dimension's score."""

    ids: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]


class Encoder:
    """Writes examples, cut into tokens exactly as decoding cuts them.

    `frame`: the object of the tokenizer and the scale; `None` writes scores as decimal text, which has no
    anchors to read (a baseline).
    """

    def __init__(self, tokenizer: Any, instruction: str, scale: tuple[int, int], frame: Frame | None) -> None:
        self._tokenizer = tokenizer
        self._instruction = instruction
        self._scale = scale
        self._frame = frame
        self._newline = tuple(newline(tokenizer))
        self._object = lru_cache(maxsize=8192)(self._score_tokens)

    def pieces(self, record: LabelledStep, own: str | None = None) -> Pieces:
        """The step's tokens. `own`: what the model itself has written, and will read before it scores.

        Raises `LoadError`, `ValueError`.
        """
        low, high = self._scale
        targets = {n: rescale(record.targets[n], LABELS, (float(low), float(high))) for n in DIMENSIONS}
        if self._frame is None:
            texts = {n: f"{targets[n]:.1f}" for n in DIMENSIONS}
        else:
            texts = {n: str(a) for n, a in rounded(targets, self._scale).items()}
        think = self._critique(record.critique)
        step = record.step
        return Pieces(
            state_of(step),
            array("i", self._tokenizer(prompt(step, self._instruction))["input_ids"]),
            think,
            think if own is None else self._critique(own),
            self._object(tuple(texts[n] for n in DIMENSIONS)),
            tuple(targets[n] for n in DIMENSIONS),
        )

    def write(self, pieces: Pieces, order: Written) -> Example:
        """The text in one order."""
        parts: tuple[Sequence[int], ...] = (pieces.scored.ids,)
        at = len(pieces.head)
        if order == "score_first":
            parts = (pieces.scored.ids, self._newline, pieces.think)
        elif order == "critique_first":
            parts = (pieces.before, self._newline, pieces.scored.ids)
            at += len(pieces.before) + len(self._newline)
        ids = [*pieces.head, *(token for part in parts for token in part)]
        if order != "scores_alone":
            ids.append(self._tokenizer.eos_token_id)
        spans = tuple((at + first, at + last) for first, last in pieces.scored.spans)
        reads, branches, inside = _places(self._frame, spans, ids) if self._frame else ((), (), ())
        return Example(ids, len(pieces.head), spans, reads, branches, pieces.targets, inside=inside)

    def with_noise(self, example: Example, share: float, draw: Random) -> Example:
        """The example as it is read with about this share of its integers drawn anew, each alike likely.

        An integer is read as another of as many tokens, so an anchor that is alone in its length (10 of
        0..10, 100 of 0..100) is never changed. What is to be written stays. With the label's integers a score
        learns to rely on the ones before it, which are seldom right when the model has written them itself.
        """
        assert self._frame is not None
        seen = list(example.ids)
        for field, (first, last) in zip(self._frame.fields, example.scores, strict=True):
            if draw.random() < share:
                alike = [path for path in field.anchors.paths.values() if len(path) == last - first]
                seen[first:last] = draw.choice(alike)
        return replace(example, seen=seen)

    def __call__(self, record: LabelledStep, order: Written) -> Example:
        """The example of a record, in one go."""
        return self.write(self.pieces(record), order)

    def _critique(self, words: str) -> array[int]:
        return array("i", encode_after(self._tokenizer, CONTEXT, think_text(words))[0])

    def _score_tokens(self, texts: tuple[str, ...]) -> ScoreTokens:
        scores: Mapping[str, Any] = dict(zip(DIMENSIONS, texts, strict=True))
        if self._frame is None:
            return ScoreTokens(tuple(encode_after(self._tokenizer, CONTEXT, score_text(scores))[0]), ())
        written = completion(None, scores, "score_first")
        ids, cut = encode_after(self._tokenizer, CONTEXT, written.text)
        spans = []
        for field, text in zip(self._frame.fields, texts, strict=True):
            last = anchor_tokens(cut, written.spans[field.name])[1]
            path = field.anchors.paths[int(text)]
            if tuple(ids[last - len(path) : last]) != path:
                raise ValueError(f"the score {text} of {field.name} is not tokenized as the anchors are")
            spans.append((last - len(path), last))
        return ScoreTokens(tuple(ids), tuple(spans))


def _places(
    frame: Frame, spans: tuple[tuple[int, int], ...], ids: list[int]
) -> tuple[tuple[tuple[int, ...], ...], tuple[Branch, ...], tuple[tuple[int, int], ...]]:
    """Where the logits of every inner node are, the branches that have to be added for them, and what is to
    follow those on the path of each written integer."""
    reads: list[tuple[int, ...]] = []
    branches: list[Branch] = []
    inside: list[tuple[int, int]] = []
    for field, (first, last) in zip(frame.fields, spans, strict=True):
        numbers: dict[Path, int] = {}
        for node in field.anchors.nodes[1:]:  # the root is the text itself
            parents = tuple(numbers[node[:depth]] for depth in range(1, len(node)))
            numbers[node] = len(branches)
            branches.append(Branch(node[-1], first + len(node) - 1, first, parents))
        reads.append((first - 1, *(len(ids) + numbers[node] for node in field.anchors.nodes[1:])))
        if numbers:
            written = next(a for a, p in field.anchors.paths.items() if p == tuple(ids[first:last]))
            edges = field.anchors.edges(written)[1:]
            inside += [(len(ids) + numbers[node], token) for node, token in edges]
    return tuple(reads), tuple(branches), tuple(inside)


def state_of(step: ProofStep) -> Hashable:
    """Equal for steps whose prompts are equal up to the proposed step."""
    return step.statement, step.earlier, step.goals


def rounded(targets: Mapping[str, float], scale: tuple[int, int]) -> dict[str, int]:
    """The integers of the text target: each R_k rounded half up, kept on the scale."""
    low, high = scale
    return {name: min(high, max(low, math.floor(targets[name] + 0.5))) for name in DIMENSIONS}


def tokenizer_texts(records: Iterable[LabelledStep], instruction: str) -> Iterable[str]:
    """The texts that a fresh tokenizer is trained on."""
    for record in records:
        yield prompt(record.step, instruction)
        yield think_text(record.critique)
        yield score_text(rounded(record.targets, (1, 5)))

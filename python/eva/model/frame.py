"""The score object as tokens: where each anchor stands is known by construction, never searched for.

The object `{"logic_score": 4, "align_score": 2, "clarity_score": 3}` is fixed but for its three integers.
The frame tokenizes it once for every anchor and cuts it at the integers' character spans into *leads*
(fixed tokens) and *paths* (the tokens of an anchor). Decoding forces the leads and reads the anchors;
training and reading given text go through the same character spans.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from eva.model.anchors import Anchors, Path
from eva.model.errors import LoadError
from eva.model.prefix import shared_prefix
from eva.model.prompt import completion
from eva.step import DIMENSIONS

CONTEXT = "\n"  # the score object always follows a newline: the prompt ends with one, and so does a critique


@dataclass(frozen=True)
class Field:
    """One dimension's place in the object.

    - `leads`: the fixed tokens before the anchor, by the anchor of the field before (the first field: by
      `None`); they differ only where a tokenizer joins a digit with the comma after it.
    - `anchors`: the token paths that can stand here.
    """

    name: str
    leads: dict[int | None, Path]
    anchors: Anchors


@dataclass(frozen=True)
class Frame:
    """The whole object: a field for each dimension, then the `end` tokens by the last anchor."""

    fields: tuple[Field, ...]
    ends: dict[int, Path]

    @property
    def opening(self) -> Path:
        """The fixed tokens before the first anchor."""
        return self.fields[0].leads[None]

    @classmethod
    def of(cls, tokenizer: Any, scale: tuple[int, int]) -> Frame:
        """Cut the object for one tokenizer and one scale (both ends included). Raises `LoadError`.

        A path starts where the anchors' tokens begin to differ, which is before the digit only where the
        tokenizer joins the digit, or what stands before it, differently for different digits.
        """
        low, high = scale
        anchors = range(low, high + 1)
        fields: list[Field] = []
        for name in DIMENSIONS:
            cuts = {
                a: _Cut.of(tokenizer, {n: a if n == name else low for n in DIMENSIONS}, name) for a in anchors
            }
            start = min(shared_prefix([c.ids for c in cuts.values()]), *(c.first for c in cuts.values()))
            paths = {a: c.ids[start : c.last] for a, c in cuts.items()}
            closers = {a: c.ids[c.last] for a, c in cuts.items() if c.last < len(c.ids)}
            try:
                trie = Anchors(paths, closers)
            except ValueError as error:
                raise LoadError(
                    f"the tokenizer cannot tell the scores {low}..{high} apart: {error}"
                ) from error
            if fields:
                leads: dict[int | None, Path] = {
                    a: _lead(tokenizer, fields[-1], a, Field(name, {}, trie), low) for a in anchors
                }
                fields.append(Field(name, leads, trie))
            else:
                fields.append(Field(name, {None: cuts[low].ids[:start]}, trie))
        return cls(tuple(fields), {a: c.ids[c.last :] for a, c in cuts.items()})


@dataclass(frozen=True)
class _Cut:
    """The tokens of one object, and which of them (first, one past the last) overlap one integer."""

    ids: Path
    first: int
    last: int

    @classmethod
    def of(cls, tokenizer: Any, scores: dict[str, int], name: str) -> _Cut:
        written = completion(None, scores, "score_first")
        ids, spans = encode_after(tokenizer, CONTEXT, written.text)
        return cls(tuple(ids), *anchor_tokens(spans, written.spans[name]))


def _lead(tokenizer: Any, before: Field, anchor: int, field: Field, low: int) -> Path:
    """The fixed tokens between `before`, where `anchor` was written, and `field`."""
    name, trie = field.name, field.anchors
    scores = {n: anchor if n == before.name else low for n in DIMENSIONS}
    left, right = _Cut.of(tokenizer, scores, before.name), _Cut.of(tokenizer, scores, name)
    start = right.last - len(trie.paths[low])
    if left.last > start or right.ids[start : right.last] != trie.paths[low]:
        raise LoadError(f"the tokenizer joins {before.name} with {name}: no exact reading of their scores")
    return left.ids[left.last : start]


def encode_after(tokenizer: Any, context: str, text: str) -> tuple[list[int], list[tuple[int, int]]]:
    """Token ids of `text` as they stand after `context`, and their character spans within `text`.

    The context keeps sentencepiece tokenizers from adding a space at the front. Raises `LoadError` where a
    token would span the border (then nothing exact can be said about the text's own tokens).
    """
    coded = tokenizer(context + text, add_special_tokens=False, return_offsets_mapping=True)
    at = len(context)
    ids, spans = [], []
    for token, (start, end) in zip(coded["input_ids"], coded["offset_mapping"], strict=True):
        if end <= at:
            continue
        if start < at:
            raise LoadError(f"the tokenizer joins {context!r} with what follows it: no exact reading")
        ids.append(token)
        spans.append((start - at, end - at))
    return ids, spans


def newline(tokenizer: Any) -> list[int]:
    """The tokens of a newline in the middle of a text."""
    return encode_after(tokenizer, "a", "\n")[0]


def anchor_tokens(spans: list[tuple[int, int]], digits: tuple[int, int]) -> tuple[int, int]:
    """First and one-past-last token that overlap the characters `digits`; `spans`: each token's."""
    inside = [i for i, (start, end) in enumerate(spans) if start < digits[1] and end > digits[0]]
    if not inside:
        raise LoadError(f"no token covers the characters {digits}")
    return inside[0], inside[-1] + 1


def quiet_tokenizers() -> None:
    """Keep the tokenizers library from warning about forks; its own threads bring nothing for short texts."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

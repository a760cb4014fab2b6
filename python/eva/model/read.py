"""Reading scores: from a model that is about to write them, and from text that is already there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from eva.model.anchors import Anchors, Path, dimension_scores
from eva.model.frame import Frame, anchor_tokens
from eva.model.prefill import prefill
from eva.model.prompt import NoScores, find_scores
from eva.model.rows import Rows
from eva.step import DIMENSIONS, DimensionScore


@dataclass(frozen=True)
class ReadOut:
    """What was read for one row: a score for each dimension, tokens and integers of the written object."""

    scores: dict[str, DimensionScore]
    tokens: Path
    integers: dict[str, int]


def most_likely(score: DimensionScore) -> int:
    """The anchor that greedy decoding writes."""
    return max(score.distribution.items(), key=lambda item: item[1])[0]


def read_scores(
    rows: Rows,
    frame: Frame,
    *,
    temperature: float = 1.0,
    choose: Callable[[DimensionScore], int] = most_likely,
) -> list[ReadOut]:
    """Have every row write the score object, and read the expected score at each integer.

    Rows must stand right after `frame.opening`. The leads are forced; at each integer the anchors' exact
    distribution is read, and the anchor that `choose` picks is written (greedy, as in the paper), since the
    next dimensions are judged after it. Raises `ModelError`.
    """
    chosen: list[int] | list[None] = [None] * len(rows)
    integers: list[dict[str, int]] = [{} for _ in chosen]
    written: list[Path] = [()] * len(rows)
    found: list[dict[str, DimensionScore]] = [{} for _ in chosen]
    pending: list[Path] = [()] * len(rows)
    for place, field in enumerate(frame.fields):
        pending = [
            done + field.leads[a if a in field.leads else None]
            for done, a in zip(pending, chosen, strict=True)
        ]
        if place:
            rows.extend(pending)
        written = [w + p for w, p in zip(written, pending, strict=True)]
        weights = field.anchors.log_weights(_node_logits(rows, field.anchors))
        for row, score in enumerate(dimension_scores(field.anchors, weights, temperature=temperature)):
            found[row][field.name] = score
        chosen = [choose(f[field.name]) for f in found]
        for row, anchor in enumerate(chosen):
            integers[row][field.name] = anchor
        pending = [field.anchors.paths[a] for a in chosen if a is not None]
    ends = [p + frame.ends[a] for p, a in zip(pending, chosen, strict=True) if a is not None]
    return [ReadOut(f, w + e, i) for f, w, e, i in zip(found, written, ends, integers, strict=True)]


def _node_logits(rows: Rows, anchors: Anchors) -> dict[Path, Tensor]:
    """Logits after every inner node of the trie: the root is at hand, deeper ones are forks of the rows."""
    logits: dict[Path, Tensor] = {(): rows.logits}
    deeper = [node for node in anchors.nodes if node]
    if deeper:
        forks = rows.fork([row for row in range(len(rows)) for _ in deeper])
        forks.extend([node for _ in range(len(rows)) for node in deeper])
        by_node = forks.logits.view(len(rows), len(deeper), -1)
        logits |= {node: by_node[:, k] for k, node in enumerate(deeper)}
    return logits


def read_given(
    model: Any, tokenizer: Any, text: str, frame: Frame, *, temperature: float = 1.0
) -> dict[str, DimensionScore]:
    """Expected scores at the integers of a text that is already written: prompt and output in one string.

    The integers' character offsets are mapped to tokens with the tokenizer's own offsets; the anchors'
    distribution is read at the position before the integer. Raises `NoScores` where the text has no unique
    score object, where an integer is off the scale, or where the tokenizer cuts it otherwise in this text
    than in a plain object.
    """
    spans = find_scores(text)
    coded = tokenizer(text, return_offsets_mapping=True)
    ids: Sequence[int] = coded["input_ids"]
    fields = {field.name: field for field in frame.fields}
    out = {}
    for name in DIMENSIONS:
        anchors = fields[name].anchors
        rows, _ = prefill(model, [tuple(_before(text, ids, coded["offset_mapping"], spans[name], anchors))])
        weights = anchors.log_weights(_node_logits(rows, anchors))
        out[name] = dimension_scores(anchors, weights, temperature=temperature)[0]
    return out


def _before(
    text: str, ids: Sequence[int], offsets: list[tuple[int, int]], span: tuple[int, int], anchors: Anchors
) -> Sequence[int]:
    """The tokens before the path of the integer at `span`."""
    path = anchors.paths.get(int(text[slice(*span)]))
    if path is None:
        raise NoScores(
            f"the score {text[slice(*span)]} is not on the scale {min(anchors.paths)}..{max(anchors.paths)}"
        )
    last = anchor_tokens(offsets, span)[1]
    if tuple(ids[last - len(path) : last]) != path:
        raise NoScores(
            f"the score at character {span[0]} is tokenized otherwise than alone: no exact reading"
        )
    return ids[: last - len(path)]

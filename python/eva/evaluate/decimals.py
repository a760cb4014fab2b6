"""Scores as decimal text: the object is decoded greedily under a grammar, and its numbers are parsed."""

from __future__ import annotations

import json
from collections.abc import Sequence

from eva.model.checkpoint import Checkpoint
from eva.model.critique import pick
from eva.model.prefill import prefill
from eva.model.prompt import KEYS
from eva.model.rows import swap_out
from eva.step import DIMENSIONS

NUMBER = r"([1-4]\.[0-9]|5\.0)"
MAX_TOKENS = 96  # the object has some fifty characters


def read_decimals(checkpoint: Checkpoint, prompts: Sequence[str]) -> list[dict[str, float] | None]:
    """The three numbers that the model writes right after each prompt; `None` where a prompt is too long."""
    room = getattr(checkpoint.model.config, "max_position_embeddings", 1 << 30) - MAX_TOKENS
    tokens = [list(checkpoint.tokenizer(text)["input_ids"]) for text in prompts]
    fitting = [i for i, ids in enumerate(tokens) if len(ids) <= room]
    out: list[dict[str, float] | None] = [None] * len(prompts)
    if fitting:
        for i, text in zip(fitting, _decode(checkpoint, [tokens[i] for i in fitting]), strict=True):
            written = json.loads(text)
            out[i] = {name: float(written[KEYS[name]]) for name in DIMENSIONS}
    return out


def grammar() -> str:
    """The object of `eva.model.prompt.score_text`, with one digit behind the point."""
    fields = r"\, ".join(rf"\"{KEYS[name]}\": {NUMBER}" for name in DIMENSIONS)
    return rf"\{{{fields}\}}"


def _decode(checkpoint: Checkpoint, prompts: Sequence[Sequence[int]]) -> list[str]:
    import llguidance
    import llguidance.hf
    import llguidance.numpy

    vocabulary = max(checkpoint.model.get_input_embeddings().weight.shape[0], len(checkpoint.tokenizer))
    guide = llguidance.hf.from_tokenizer(checkpoint.tokenizer, n_vocab=vocabulary)
    rules = llguidance.LLMatcher.grammar_from_regex(grammar())
    matchers = [llguidance.LLMatcher(guide, rules) for _ in prompts]
    written: list[list[int]] = [[] for _ in prompts]
    rows, live = prefill(checkpoint.model, [tuple(tokens) for tokens in prompts])
    while live:
        mask = llguidance.numpy.allocate_token_bitmask(len(live), guide.vocab_size)
        for row, i in enumerate(live):
            llguidance.numpy.fill_next_token_bitmask(matchers[i], mask, row)
        tokens = pick(rows.logits, mask)
        for i, token in zip(live, tokens, strict=True):
            matchers[i].consume_token(token)
            written[i].append(token)
        rows.extend([[token] for token in tokens])
        ended = [row for row, i in enumerate(live) if matchers[i].is_accepting()]
        rows.drop(ended)
        for row in reversed(ended):
            swap_out(live, row)
    return [checkpoint.tokenizer.decode(ids) for ids in written]

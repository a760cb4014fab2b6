"""Reading many prompts at once: the numbers of each alone, with little computed twice."""

from __future__ import annotations

from random import Random

import pytest
import torch

from eva.model import LoadError
from eva.model.prefill import MIN_SHARED, prefill, unique_tokens
from eva.model.prefixes import Prefixes
from eva.model.rows import Rows
from tiny import tiny_model

VOCABULARY = 90


def grown_tree(seed: int, count: int) -> list[tuple[int, ...]]:
    """Prompts that branch off one another at random places; some are the beginning of another."""
    rng = Random(seed)
    prompts = [tuple(rng.randrange(VOCABULARY) for _ in range(120))]
    for _ in range(count - 1):
        one = rng.choice(prompts)
        cut = rng.randint(1, len(one))
        prompts.append(one[:cut] + tuple(rng.randrange(VOCABULARY) for _ in range(rng.choice((0, 1, 9, 50)))))
    return prompts


def alone(model, prompt: tuple[int, ...]) -> torch.Tensor:
    with torch.no_grad():
        return model(input_ids=torch.tensor([prompt])).logits[0, -1]


@pytest.fixture(scope="module")
def model():
    return tiny_model(VOCABULARY)


def agree(rows: Rows, order: list[int], prompts: list[tuple[int, ...]], model) -> None:
    assert sorted(order) == list(range(len(prompts)))
    for row, index in enumerate(order):
        torch.testing.assert_close(rows.logits[row], alone(model, prompts[index]), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("seed", range(8))
def test_each_row_says_what_its_prompt_alone_would(model, seed):
    prompts = grown_tree(seed, 12)
    rows, order = prefill(model, prompts)
    agree(rows, order, prompts, model)
    tails = [(5, 6, 7)[: 1 + i % 3] for i in range(len(order))]
    rows.extend(tails)
    agree(rows, order, [prompts[i] + tails[order.index(i)] for i in range(len(prompts))], model)


@pytest.mark.parametrize("limit", [1 << 24, 20_000, 0])
def test_a_memory_changes_no_number(model, limit):
    prefixes = Prefixes(limit)
    for seed in (1, 2, 1, 3, 2):
        prompts = grown_tree(seed, 9)
        rows, order = prefill(model, prompts, prefixes)
        agree(rows, order, prompts, model)
        assert prefixes.bytes <= limit


def test_what_was_read_before_is_not_read_again(model):
    prefixes = Prefixes(1 << 24)
    prompts = [prompt for prompt in grown_tree(4, 12) if len(prompt) > MIN_SHARED]
    first, _ = prefill(model, prompts, prefixes)
    again, _ = prefill(model, prompts, prefixes)
    assert first.computed >= unique_tokens(prompts)
    assert again.computed == len(prompts)  # the last token of each, for what the model says after it
    prefixes.clear()
    assert prefixes.bytes == 0
    afresh, _ = prefill(model, prompts, prefixes)
    assert afresh.computed == first.computed


def test_what_was_used_last_stays(model):
    old, new, newer = ((first, *grown_tree(first, 1)[0][:99]) for first in (1, 2, 3))
    prefixes = Prefixes(1 << 24)
    prefill(model, [old], prefixes)
    one = prefixes.bytes
    prefixes.limit = 2 * one
    prefill(model, [new], prefixes)
    prefill(model, [old], prefixes)
    prefill(model, [newer], prefixes)
    assert prefixes.bytes <= 2 * one
    assert prefixes.find(old)[0] == 100
    assert prefixes.find(new)[0] == 0


def test_a_proof_costs_little_more_than_its_tokens(model):
    rng = Random(0)
    trunk: tuple[int, ...] = tuple(rng.randrange(VOCABULARY) for _ in range(40))
    prompts = []
    for _ in range(16):
        prompts.append(trunk + tuple(rng.randrange(VOCABULARY) for _ in range(rng.randint(30, 90))))
        trunk += tuple(rng.randrange(VOCABULARY) for _ in range(rng.randint(4, 12)))
    rows, _ = prefill(model, prompts)
    assert rows.computed <= 1.15 * unique_tokens(prompts)
    assert rows.computed < 0.5 * sum(map(len, prompts))


def test_rows_leave_and_others_join(model):
    """A batch that lives on: each row still says what its tokens alone would."""
    rng = Random(5)
    rows = Rows(model)
    texts: list[tuple[int, ...]] = []
    for tick in range(150):
        if len(texts) < 4 and tick % 3 == 0:
            prompts = grown_tree(tick, 2)
            new, order = prefill(model, prompts)
            rows.join(new)
            texts += [prompts[i] for i in order]
        token = rng.randrange(VOCABULARY)
        rows.extend([[token]] * len(texts))
        texts = [(*text, token) for text in texts]
        if tick % 10 == 9:
            gone = rng.sample(range(len(texts)), 2)
            rows.drop(gone)
            for place in sorted(gone, reverse=True):
                texts[place] = texts[-1]
                texts.pop()
            for row, text in enumerate(texts):
                torch.testing.assert_close(rows.logits[row], alone(model, text), atol=1e-4, rtol=1e-4)
    assert rows.columns < 400, "the columns of those who left are used again"


@pytest.mark.parametrize("family", ["mistral", "gemma3"])
def test_layers_that_see_a_window_only(family):
    import transformers as t

    small = {
        "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2,
        "num_key_value_heads": 1, "head_dim": 16, "sliding_window": 24, "initializer_range": 0.3,
    }  # fmt: skip
    torch.manual_seed(0)
    model = (
        t.MistralForCausalLM(t.MistralConfig(num_hidden_layers=2, **small))
        if family == "mistral"
        else t.Gemma3ForCausalLM(
            t.Gemma3TextConfig(
                num_hidden_layers=3,
                layer_types=["sliding_attention", "full_attention", "sliding_attention"],
                **small,
            )
        )
    ).eval()
    prompts = grown_tree(6, 6)
    rows, order = prefill(model, prompts)
    agree(rows, order, prompts, model)
    rows.extend([[3, 4]] * len(order))
    agree(rows, order, [(*prompt, 3, 4) for prompt in prompts], model)


def test_a_model_without_keys_and_values_is_refused():
    import transformers as t

    config = t.Qwen3NextConfig(
        vocab_size=VOCABULARY, hidden_size=32, intermediate_size=64, num_hidden_layers=4,
        num_attention_heads=2, num_key_value_heads=1, num_experts=2, num_experts_per_tok=1,
        moe_intermediate_size=16, shared_expert_intermediate_size=16, linear_num_key_heads=2,
        linear_num_value_heads=2,
    )  # fmt: skip
    with pytest.raises(LoadError, match=r"keeps .*Linear.*plain transformer"):
        Rows(t.Qwen3NextForCausalLM(config))

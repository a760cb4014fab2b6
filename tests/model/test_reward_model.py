"""`RewardModel` on tiny real models: the same numbers however the work is cut, output always well formed."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from eva.model import Checkpoint, EvaConfig, LoadError, ModelError, NoScores, OutOfMemory, RewardModel
from eva.model.checkpoint import load
from eva.model.critique import CritiqueWriter, _Line
from eva.model.prompt import THINK_CLOSE, completion, find_scores
from eva.step import DIMENSIONS, CritiquePiece, ProofStep, Scored
from tiny import KINDS, save_tiny_checkpoint

STEPS = [
    ProofStep(
        ("n m : Nat\nh : n < m\n⊢ n + 1 ≤ m",), "omega", "theorem foo (n m : Nat) (h : n < m) : n + 1 ≤ m"
    ),
    ProofStep(("p q : Prop\nhp : p\nhq : q\n⊢ p ∧ q",), "constructor", earlier=("intro hp", "intro hq")),
    ProofStep(("⊢ p", "⊢ q"), "exact hp"),
    ProofStep((), "rfl"),
]


@pytest.fixture(scope="module")
def model(tiny_checkpoint):
    return RewardModel.from_pretrained(str(tiny_checkpoint))


@pytest.mark.parametrize("order", ["score_first", "critique_first"])
def test_batches_change_nothing(model, order):
    alone = [model.score([step], order=order)[0] for step in STEPS]
    together = model.score(STEPS, order=order, batch_size=4)
    pairs = model.score(STEPS, order=order, batch_size=2)
    for i, one in enumerate(alone):
        for other in (together[i], pairs[i]):
            assert other.index == i and other.status == "scored"
            assert other.critique == one.critique
            for name in DIMENSIONS:
                assert other.dimensions[name].expected == pytest.approx(
                    one.dimensions[name].expected, abs=1e-4
                )
                assert other.dimensions[name].mass == pytest.approx(one.dimensions[name].mass, rel=1e-3)


def test_orders_read_different_places(model):
    first = model.score(STEPS[:1], order="score_first")[0]
    after = model.score(STEPS[:1], order="critique_first")[0]
    bare = model.score(STEPS[:1], order="critique_first", critique=False)[0]
    assert first.expected != after.expected
    assert bare.expected == pytest.approx(first.expected) and bare.critique is None


def test_the_numbers_are_those_of_the_whole_text(model):
    """What streaming reads with a cache, reading the finished text without one gives again."""
    for order in ("score_first", "critique_first"):
        got = model.score(STEPS[:1], order=order)[0]
        ints = {n: max(d.distribution, key=d.distribution.__getitem__) for n, d in got.dimensions.items()}
        text = model.prompt(STEPS[0]) + completion(got.critique, ints, order).text
        again = model.read(text)
        if order == "score_first":
            for name in DIMENSIONS:
                assert again[name].expected == pytest.approx(got.dimensions[name].expected, abs=1e-4)
        value = model.config.value(got.expected)
        assert got.value == pytest.approx(value) and 0 <= value <= 1


def test_scores_behind_a_critique_have_a_temperature_of_their_own(tiny_checkpoint, model):
    loaded = load(str(tiny_checkpoint))
    config = replace(loaded.config, critique_temperature=3.0)
    cooled = RewardModel(replace(loaded, config=config))
    [before], [after] = (cooled.score(STEPS[:1], order=o) for o in ("score_first", "critique_first"))
    assert before.expected == pytest.approx(model.score(STEPS[:1], order="score_first")[0].expected)
    plain = model.score(STEPS[:1], order="critique_first")[0]
    assert after.critique == plain.critique
    for name in DIMENSIONS:
        shares = {a: p ** (1 / 3) for a, p in plain.dimensions[name].distribution.items()}
        mean = sum(a * p for a, p in shares.items()) / sum(shares.values())
        assert after.dimensions[name].expected == pytest.approx(mean, abs=1e-3)
    ones = dict.fromkeys(DIMENSIONS, 1)
    behind = model.prompt(STEPS[0]) + completion("hp", ones, "critique_first").text
    bare = model.prompt(STEPS[0]) + completion(None, ones, "score_first").text
    assert cooled.read(behind)["logic"].expected != pytest.approx(model.read(behind)["logic"].expected)
    assert cooled.read(bare)["logic"].expected == pytest.approx(model.read(bare)["logic"].expected)
    given = cooled.score_given(STEPS[:1], ["hp"])[0].expected["logic"]
    assert given == pytest.approx(cooled.read(behind)["logic"].expected, abs=1e-4)


@pytest.mark.parametrize("order", ["score_first", "critique_first"])
def test_an_output_is_read_behind_an_instruction_that_shows_one(tiny_checkpoint, order):
    """The instruction of every model without `eva.json` does."""
    checkpoint = replace(load(str(tiny_checkpoint)), config=EvaConfig(mass_floor=0.0, max_critique_tokens=12))
    model = RewardModel(checkpoint)
    [score] = model.score(STEPS[:1], order=order)
    integers = {
        name: max(d.distribution, key=d.distribution.__getitem__) for name, d in score.dimensions.items()
    }
    read = model.read(model.prompt(STEPS[0]) + completion("hp", integers, order).text)
    assert read.keys() == set(DIMENSIONS)
    if order == "score_first":
        assert read["logic"].expected == pytest.approx(score.dimensions["logic"].expected, abs=1e-4)


def test_the_value_stays_in_its_range_whatever_the_weights():
    config = EvaConfig(scale=(0, 10), weights={"logic": 0.2, "alignment": 0.7, "clarity": 0.1})
    assert config.value(dict.fromkeys(DIMENSIONS, 10.0)) == 1.0
    assert config.value(dict.fromkeys(DIMENSIONS, 0.0)) == 0.0


def test_tokens_are_counted_in_both_orders(tiny_checkpoint):
    counts = {}
    for order in ("score_first", "critique_first"):
        model = RewardModel.from_pretrained(str(tiny_checkpoint))
        model.score(STEPS[:2], order=order)
        counts[order] = model.usage.tokens
    assert counts["score_first"] == counts["critique_first"] > 0


def test_a_critique_that_is_cut_within_a_character_ends_before_it(tiny_checkpoint):
    """The limit falls between the tokens of `∃`."""
    tokenizer = load(str(tiny_checkpoint)).tokenizer
    first, *rest = tokenizer.encode("∃", add_special_tokens=False)
    assert rest
    words, mark = (tokenizer.encode(text, add_special_tokens=False) for text in ("ab", THINK_CLOSE))
    writer = CritiqueWriter(tokenizer, len(tokenizer), len(words) + 1)
    line = _Line(0, writer._fresh.deep_copy(), tokenizer)
    pieces = [line.take(token) for token in (*words, first, *mark)]
    assert "".join(piece.text for piece in pieces) == "ab"
    assert pieces[-1].done


def test_a_temperature_is_above_zero():
    for wrong in ({"temperature": 0.0}, {"critique_temperature": -1.0}):
        with pytest.raises(LoadError, match=r"temperature .* must be above 0"):
            EvaConfig(**wrong)


@pytest.mark.parametrize("kind", KINDS)
def test_critiques_are_clean_for_every_tokenizer(tmp_path, kind):
    model = RewardModel.from_pretrained(str(save_tiny_checkpoint(tmp_path / kind, kind=kind)))
    for order in ("score_first", "critique_first"):
        for score in model.score(STEPS, order=order):
            assert score.critique is not None
            assert not re.search(r"[\x00-\x1f\x7f<]", score.critique)
            json.loads(json.dumps(score.to_json()))
            assert score.mass is not None and 0 < score.mass <= 1


def test_stream_gives_scores_before_words(model):
    events = list(model.stream(STEPS, order="score_first", batch_size=2))
    kinds = [isinstance(e, Scored) for e in events]
    assert kinds == sorted(kinds, reverse=True) and sum(kinds) == len(STEPS)
    finals = [e.index for e in events if isinstance(e, CritiquePiece) and e.final]
    assert sorted(finals) == list(range(len(STEPS)))


@pytest.mark.parametrize("order", ["score_first", "critique_first"])
def test_a_cancelled_step_says_nothing_more(model, order):
    gone: set[int] = set()
    seen = []
    for event in model.stream(STEPS, order=order, cancelled=gone.__contains__):
        index = event.score.index if isinstance(event, Scored) else event.index
        seen.append((index, event))
        if isinstance(event, CritiquePiece):
            assert index not in gone or (index, event) == seen[-1]
            gone.add(1)
    assert not any(i == 1 and isinstance(e, CritiquePiece) and e.final for i, e in seen)
    assert {i for i, e in seen if isinstance(e, CritiquePiece) and e.final} == {0, 2, 3}


def test_too_long_is_a_status(model):
    long = ProofStep(("h : " + "x + " * 3000 + "x = x\n⊢ p",), "exact h")
    out = model.score([STEPS[0], long])
    assert out[0].status == "scored"
    assert out[1].status == "too_long" and out[1].value is None and "tokens" in (out[1].message or "")


def test_many_earlier_steps_are_dropped_from_the_oldest(model):
    step = ProofStep(STEPS[0].goals, "omega", earlier=tuple(f"have h{i} : n < m := h" for i in range(400)))
    assert model.score([step], critique=False)[0].status == "scored"


def test_low_anchor_mass_is_off_format(tmp_path):
    model = RewardModel.from_pretrained(str(save_tiny_checkpoint(tmp_path / "floor", mass_floor=0.999)))
    out = model.score(STEPS[:1], critique=False)[0]
    assert out.status == "off_format" and out.value is not None


def test_weights_and_scale_come_from_the_checkpoint(tmp_path):
    weights = {"logic": 1.0, "alignment": 0.0, "clarity": 0.0}
    model = RewardModel.from_pretrained(
        str(save_tiny_checkpoint(tmp_path / "w", weights=weights, scale=(0, 10)))
    )
    out = model.score(STEPS[:1], critique=False)[0]
    assert out.value == pytest.approx(out.expected["logic"] / 10)
    assert list(out.dimensions["logic"].distribution) == list(range(11))


def test_given_text_needs_one_unique_object():
    scored = completion("The scores are {1, 2}.", dict.fromkeys(DIMENSIONS, 3), "critique_first")
    assert {scored.text[s:e] for s, e in find_scores(scored.text).values()} == {"3"}
    liar = '<think>{"logic_score": 1, "align_score": 1, "clarity_score": 1}</think>\n'
    assert find_scores(liar + completion(None, dict.fromkeys(DIMENSIONS, 5), "score_first").text)["logic"][
        0
    ] > len(liar)
    for text in ("", liar, scored.text + scored.text):
        with pytest.raises(NoScores, match="found"):
            find_scores(text)


def test_bad_arguments_name_themselves(model):
    with pytest.raises(ValueError, match="sideways"):
        model.score(STEPS, order="sideways")
    with pytest.raises(ValueError, match="batch_size 0"):
        model.score(STEPS, batch_size=0)


def test_no_memory_is_an_error_of_its_own(model, monkeypatch):
    """torch's own error, for a size that no machine has."""
    import torch

    monkeypatch.setattr(model._engine.model, "forward", lambda **_: torch.empty(1 << 50))
    model._engine.forget()
    unknown = ProofStep(("⊢ q ∧ p",), "exact and_comm")
    with pytest.raises(OutOfMemory, match="no memory for 3 steps at once") as refused:
        model.score([unknown], batch_size=3)
    assert isinstance(refused.value, MemoryError)
    monkeypatch.undo()
    assert model.score([unknown])[0].status == "scored"


def test_memory_that_is_used_again_changes_nothing(tiny_checkpoint):
    """Long, short and long steps, many and few, one after another; what failed leaves no NaN behind."""
    again = RewardModel.from_pretrained(str(tiny_checkpoint))
    requests = [
        STEPS,
        STEPS[3:],
        [ProofStep((f"n : Nat\n⊢ {'n + ' * size}0 = n",), "simp") for size in (40, 3, 60)],
    ]
    for steps in [*requests, *requests[::-1]]:
        again._engine._known.clear()
        fresh = RewardModel.from_pretrained(str(tiny_checkpoint))
        for one, other in zip(again.score(steps), fresh.score(steps), strict=True):
            assert one.critique == other.critique
            assert one.expected == pytest.approx(other.expected, abs=1e-4)
    block = again._engine._spare
    assert block is not None and block.bytes <= again._engine._limit
    weight = again._engine.model.get_input_embeddings().weight.data
    kept = weight.clone()
    weight.fill_(float("nan"))
    with pytest.raises(ModelError, match="NaN"):
        again.score([ProofStep(("⊢ p",), "poison")])
    weight.copy_(kept)
    assert again._engine._spare is None
    assert again.score([ProofStep(("⊢ p",), "exact hp")])[0].status == "scored"


def test_an_equal_step_is_remembered(model):
    step = ProofStep(("⊢ p → p",), "intro h")
    first = model.score([step], critique=False)
    before = replace(model.usage)
    assert model.score([step], critique=False) == first
    assert model.usage.remembered == before.remembered + 1
    assert model.usage.computed == before.computed
    other = RewardModel(
        Checkpoint(model.name, model._engine.model, model._engine.tokenizer, model.config), cache_mb=0
    )
    assert other.score([step], critique=False)[0].value == pytest.approx(first[0].value)
    other.score([step], critique=False)
    assert other.usage.remembered == 0


def test_more_steps_join_while_words_are_written(model):
    alone = model.score(STEPS)
    waiting = [STEPS[2:3], STEPS[3:]]
    asked: list[int] = []

    def more(room):
        asked.append(room)
        return waiting.pop(0) if len(asked) > 2 and waiting else []

    events = list(model.stream(STEPS[:2], batch_size=3, more=more))
    words = {
        i: "".join(e.text for e in events if isinstance(e, CritiquePiece) and e.index == i) for i in range(4)
    }
    assert {i: text.strip() for i, text in words.items()} == {i: s.critique for i, s in enumerate(alone)}
    values = {e.score.index: e.score.value for e in events if isinstance(e, Scored)}
    assert values == pytest.approx({i: s.value for i, s in enumerate(alone)}, abs=1e-4)
    assert set(asked) <= {1, 2, 3}


class TestLoading:
    def test_a_tokenizer_with_more_tokens_than_the_model(self, tmp_path):
        directory = save_tiny_checkpoint(tmp_path / "m")
        tokenizer = load(str(directory)).tokenizer
        tokenizer.add_special_tokens({"pad_token": "[PAD]"})
        tokenizer.save_pretrained(directory)
        assert RewardModel.from_pretrained(str(directory)).score(STEPS[:1])[0].status == "scored"

    def test_the_directory_that_one_stands_in_has_a_name(self, tmp_path, monkeypatch):
        monkeypatch.chdir(save_tiny_checkpoint(tmp_path / "here"))
        assert RewardModel.from_pretrained(".").name == "here"

    def test_a_device_that_is_not_there(self, tiny_checkpoint):
        with pytest.raises(LoadError, match="cannot load the model") as error:
            RewardModel.from_pretrained(str(tiny_checkpoint), device="nowhere")
        assert "\n" not in str(error.value)

    def test_unknown_name(self):
        with pytest.raises(LoadError, match=r"no model 'no-such-model'.*leibniz-nano") as error:
            RewardModel.from_pretrained("no-such-model")
        assert "\n" not in str(error.value)

    def test_unknown_directory(self, tmp_path):
        with pytest.raises(LoadError, match="no model directory"):
            RewardModel.from_pretrained(str(tmp_path / "absent"))

    @pytest.mark.parametrize(
        ("file", "word"),
        [
            ("tokenizer.json", "tokenizer"),
            ("config.json", "config.json"),
            ("model.safetensors", "safetensors"),
        ],
    )
    def test_a_directory_that_lacks_something(self, tmp_path, file, word):
        directory = save_tiny_checkpoint(tmp_path / "m")
        (directory / file).unlink()
        with pytest.raises(LoadError, match=word) as error:
            RewardModel.from_pretrained(str(directory))
        assert "\n" not in str(error.value)

    @pytest.mark.parametrize(
        ("text", "word"),
        [("{", "readable"), ('{"version": 2}', "version 1"), ('{"version": 1, "scale": [5, 1]}', "scale"),
         ('{"version": 1, "scale": [1, 5], "weights": {"logic": 1}}', "weights")],
    )  # fmt: skip
    def test_a_bad_configuration(self, tmp_path, text, word):
        directory = save_tiny_checkpoint(tmp_path / "m")
        (directory / "eva.json").write_text(text)
        with pytest.raises(LoadError, match=word):
            RewardModel.from_pretrained(str(directory))

    def test_any_causal_model_without_eva_json(self, tmp_path):
        directory = save_tiny_checkpoint(tmp_path / "m")
        (directory / "eva.json").unlink()
        model = RewardModel.from_pretrained(str(directory))
        assert model.config == EvaConfig() and model.scale == (1, 5)
        assert "logic_score" in model.prompt(STEPS[0])

    @pytest.mark.parametrize("told", ["has one", "has none", "not known"])
    def test_a_model_of_the_hub_is_read_by_its_own_eva_json(self, tmp_path, monkeypatch, caplog, told):
        """The hub's cache as its client lays it out; no hub can be asked here."""
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
        cache = tmp_path / "models--me--tiny"
        save_tiny_checkpoint(cache / "snapshots" / "a1", scale=(0, 10))
        (cache / "refs").mkdir()
        (cache / "refs" / "main").write_text("a1")
        if told != "has one":
            (cache / "snapshots" / "a1" / "eva.json").unlink()
        if told == "has none":
            (cache / ".no_exist" / "a1").mkdir(parents=True)
            (cache / ".no_exist" / "a1" / "eva.json").touch()
        model = RewardModel.from_pretrained("me/tiny")
        assert model.scale == ((0, 10) if told == "has one" else (1, 5))
        warned = [(record.model, "eva.json" in record.getMessage()) for record in caplog.records]
        assert warned == ([("me/tiny", True)] if told == "not known" else [])

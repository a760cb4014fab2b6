"""Tiny real tokenizers of different kinds and tiny real models, made on the spot. Their weights are random:
they serve to test mechanics (positions, batching, the wire), never the quality of a judgement."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

KINDS = ("digits_split", "digits_joined", "byte_level", "sentencepiece", "unsplit")

_TEXT = [
    f'{{"logic_score": {a}, "align_score": {b}, "clarity_score": {c}}}\n'
    for a, b, c in itertools.product([*range(11), 25, 50, 75, 99, 100], [1, 4, 10], [3, 5, 100])
] + [
    "Proof state:\nn m : Nat\nh : n < m\n⊢ n + 1 ≤ m\nProposed step:\nomega\nJudgement:\n",
    "<think>Lean accepts this step. It closes the goal.</think>\n",
    "theorem foo (p q : Prop) (hp : p) (hq : q) : p ∧ q := by\n  constructor\n  exact hp\n",
] * 20


def tiny_tokenizer(kind: str) -> Any:
    """A trained fast tokenizer of the kind: how it cuts digits, spaces and bytes differs, nothing else."""
    from transformers import PreTrainedTokenizerFast

    special = ["<s>", "</s>"]
    if kind == "sentencepiece":
        tok = Tokenizer(models.BPE(unk_token=None, byte_fallback=True, fuse_unk=True))
        tok.decoder = decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        )
        special += [f"<0x{b:02X}>" for b in range(256)]
        tok.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Split(Regex("\n"), "isolated"), pre_tokenizers.Metaspace(prepend_scheme="first")]
        )
        trainer: Any = trainers.BpeTrainer(vocab_size=520, special_tokens=special, show_progress=False)
    else:
        tok = Tokenizer(models.BPE())
        tok.decoder = decoders.ByteLevel()
        byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=kind != "unsplit")
        lines = pre_tokenizers.Split(Regex("\n"), "isolated")
        if kind == "digits_split":
            tok.pre_tokenizer = pre_tokenizers.Sequence(
                [pre_tokenizers.Digits(individual_digits=True), byte_level]
            )
        elif kind == "digits_joined":
            tok.pre_tokenizer = pre_tokenizers.Sequence(
                [pre_tokenizers.Digits(individual_digits=False), byte_level]
            )
        elif kind == "unsplit":
            tok.pre_tokenizer = pre_tokenizers.Sequence([lines, byte_level])
        else:
            tok.pre_tokenizer = byte_level
        trainer = trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=special,
            show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        )
    tok.train_from_iterator(_TEXT, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tok, bos_token="<s>", eos_token="</s>", pad_token="</s>")


def tiny_model(vocabulary: int, *, seed: int = 0, context: int = 1024) -> Any:
    """A Llama of 2 layers with random weights, scaled so that its probabilities are far from uniform."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=context,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
        initializer_range=0.2,
    )
    return LlamaForCausalLM(config).eval()


def save_tiny_checkpoint(directory: Path, *, kind: str = "digits_split", **eva: Any) -> Path:
    """A whole checkpoint directory that `RewardModel.from_pretrained` and `eva serve --model` take."""
    from eva.model import EvaConfig

    tokenizer = tiny_tokenizer(kind)
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(directory)
    tiny_model(len(tokenizer)).save_pretrained(directory)
    EvaConfig(**{"instruction": "Judge the step.", "mass_floor": 0.0, "max_critique_tokens": 12, **eva}).save(
        directory
    )
    return directory

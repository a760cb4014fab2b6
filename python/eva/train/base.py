"""Base models: one that is named, or a fresh small Llama with a tokenizer trained on the data's own text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from eva.data.record import LabelledStep
from eva.model.checkpoint import EMBEDDED, Checkpoint, EvaConfig, load
from eva.model.prompt import THINK_CLOSE, THINK_OPEN
from eva.train.config import BadConfig, RunConfig
from eva.train.examples import tokenizer_texts

SIZES: dict[str, dict[str, int]] = {
    "nano": {"hidden_size": 192, "intermediate_size": 512, "num_hidden_layers": 6, "num_attention_heads": 6},
    "mini": {"hidden_size": 160, "intermediate_size": 384, "num_hidden_layers": 4, "num_attention_heads": 5},
    "micro": {"hidden_size": 64, "intermediate_size": 176, "num_hidden_layers": 2, "num_attention_heads": 4},
}
VOCABULARY = 2048
_NAME = r"[^\W\d][\w₀-₉'✝]*"
_PIECES = (
    r'\{"logic_score": |, "align_score": |, "clarity_score": ',  # between the integers all is fixed
    r"(?:Theorem|Earlier steps|Proof state|Proposed step|Judgement):\n",
    r"\n",
    r" [a-z]{5,}(?![\w₀-₉'✝.])",  # a longer word is hardly a name
    _NAME,
    r"\d",
    r" ?[()\[\]{}⟨⟩]",
    r" ?[^\s\w()\[\]{}⟨⟩]+ ?",
    r" +",
)
"""Where text is cut before pieces become tokens, the first that fits.

A name is cut the same wherever it stands: behind a space, a bracket, or at the beginning of a line. So the
hypothesis of a state and its use in a step are the same tokens, which a small model finds by itself; when
spaces belonged to the words behind them, they were two words that had to be learned to be one.
"""
CONTEXT = 1024


def new_tokenizer(texts: Iterable[str]) -> Any:
    """A byte-level BPE within `_PIECES`; digits stand alone, so every anchor of 1..5 is one token."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex("|".join(_PIECES)), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - 2,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
        min_frequency=8,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_tokens(
        [AddedToken(THINK_OPEN, normalized=False), AddedToken(THINK_CLOSE, normalized=False)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="</s>",
        model_max_length=CONTEXT,
    )


def new_model(size: str, vocabulary: int) -> Any:
    """A fresh Llama of `SIZES[size]`; its weights mean nothing before training."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=vocabulary,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
        **SIZES[size],
    )
    return LlamaForCausalLM(config)


def open_base(config: RunConfig, records: Sequence[LabelledStep]) -> Checkpoint:
    """The base that a run starts from, in training mode. Raises `BadConfig`, `LoadError`."""
    import torch

    from eva.train.attention import use_on

    kind, _, size = config.base.partition(":")
    if kind == "new":
        if size not in SIZES:
            raise BadConfig(f"base {config.base!r}: sizes are {', '.join(f'new:{s}' for s in SIZES)}")
        tokenizer = new_tokenizer(tokenizer_texts(records, config.instruction))
        base = Checkpoint(config.base, new_model(size, len(tokenizer)), tokenizer, EvaConfig())
    elif config.base in EMBEDDED or Path(config.base).is_dir() or not size:
        base = load(config.base)
    else:
        raise BadConfig(f"base {config.base!r} is neither a model nor new:SIZE")
    if base.tokenizer.pad_token is None:
        if base.tokenizer.eos_token is None:
            raise BadConfig(
                f"base {config.base} has a tokenizer without a pad token and without an end-of-text token: "
                "name one of them in its tokenizer_config.json"
            )
        base.tokenizer.pad_token = base.tokenizer.eos_token  # nothing looks at padding
    if not torch.cuda.is_available():
        use_on(base.model)
    base.model.train()
    return base

"""Checkpoints: a causal language model, its tokenizer, and `eva.json`, which says how scores are read."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from eva.model.errors import LoadError
from eva.model.frame import quiet_tokenizers
from eva.model.prompt import INSTRUCTION
from eva.step import DIMENSIONS

log = logging.getLogger(__name__)

EMBEDDED = {"leibniz-nano": Path(__file__).parent / "leibniz-nano"}
CONFIG_FILE = "eva.json"


@dataclass(frozen=True)
class EvaConfig:
    """How scores are read from a checkpoint; the defaults serve any causal language model (zero-shot).

    - `scale`: lowest and highest anchor.
    - `temperature`: τ of the softmax over the anchors (1.0 in training; fitted on validation data
      afterwards).
    - `critique_temperature`: τ of scores that stand behind a critique; `None`: the same.
    - `weights`: of the dimensions in the value; non-negative, not all zero.
    - `mass_floor`: anchor mass under which a score is reported as `off_format`.
    - `instruction`: first lines of the prompt.
    - `max_prompt_tokens`: prompts are kept under it (`None`: the model's own context less the output).
    - `max_critique_tokens`: bound on the words of a critique.
    - `read`: how scores leave the model. Only `anchors` has expected scores; the others (`decimal`, `value`)
      are baselines of `eva.evaluate`.
    """

    scale: tuple[int, int] = (1, 5)
    temperature: float = 1.0
    critique_temperature: float | None = None
    weights: Mapping[str, float] = field(
        default_factory=lambda: {"logic": 0.4, "alignment": 0.4, "clarity": 0.2}
    )
    mass_floor: float = 0.5
    instruction: str = ""
    max_prompt_tokens: int | None = None
    max_critique_tokens: int = 96
    read: str = "anchors"

    def __post_init__(self) -> None:
        low, high = self.scale
        if not low < high or low < 0:
            raise LoadError(
                f"{CONFIG_FILE}: scale {list(self.scale)} must be two whole numbers, 0 <= low < high"
            )
        if (
            set(self.weights) != set(DIMENSIONS)
            or min(self.weights.values()) < 0
            or not sum(self.weights.values())
        ):
            raise LoadError(
                f"{CONFIG_FILE}: weights {dict(self.weights)} must give a number >= 0 to each of "
                f"{', '.join(DIMENSIONS)}"
            )
        for tau in (self.temperature, self.tau(after_critique=True)):
            if not tau > 0:
                raise LoadError(f"{CONFIG_FILE}: temperature {tau} must be above 0")
        if not self.instruction:
            object.__setattr__(self, "instruction", INSTRUCTION.format(low=low, high=high))

    def tau(self, *, after_critique: bool) -> float:
        """The temperature of scores that stand behind a critique, or of those that do not."""
        own = self.critique_temperature
        return own if after_critique and own is not None else self.temperature

    def value(self, expected: Mapping[str, float]) -> float:
        """Weighted mean of the expected scores, mapped from the scale to [0, 1]."""
        low, high = self.scale
        total = sum(self.weights.values())
        mean = sum(self.weights[name] * expected[name] for name in DIMENSIONS) / total
        return min(1.0, max(0.0, (mean - low) / (high - low)))  # weights such as 0.7 do not sum up exactly

    def save(self, directory: Path) -> None:
        data = asdict(self) | {"scale": list(self.scale), "weights": dict(self.weights)}
        (directory / CONFIG_FILE).write_text(
            json.dumps({"version": 1, **data}, indent=2, ensure_ascii=False) + "\n", "utf-8"
        )

    @classmethod
    def load(cls, file: Path) -> EvaConfig:
        """Read `eva.json`. Raises `LoadError`."""
        try:
            data = json.loads(file.read_text("utf-8"))
            if data.pop("version") != 1:
                raise ValueError("this eva reads version 1")
            return cls(**{**data, "scale": tuple(data["scale"])})
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise LoadError(f"{file} is not a readable eva configuration: {error!r}") from error


@dataclass(frozen=True)
class Checkpoint:
    """A loaded model in evaluation mode, its fast tokenizer, and how scores are read from it."""

    name: str
    model: Any
    tokenizer: Any
    config: EvaConfig


def load(
    name_or_path: str,
    *,
    device: str | None = None,
    dtype: str | None = None,
    trust_remote_code: bool = False,
    read: str = "anchors",
) -> Checkpoint:
    """Load an embedded model by name, a directory, or a hub model; safetensors only.

    `read`: how the caller is going to read scores (`EvaConfig.read`). Raises `LoadError`.
    """
    import torch
    import transformers

    quiet_tokenizers()
    transformers.utils.logging.disable_progress_bar()
    directory = EMBEDDED.get(name_or_path, Path(name_or_path))
    local = directory.is_dir()
    if local:
        _check_directory(directory)
    elif name_or_path in EMBEDDED:
        raise LoadError(
            f"the embedded model {name_or_path} is missing from this installation: {directory} is not there"
        )
    elif directory.is_absolute() or name_or_path.startswith(".") or name_or_path.count("/") > 1:
        raise LoadError(f"no model directory {name_or_path}")
    source = str(directory) if local else name_or_path
    config_file = directory / CONFIG_FILE if local else _from_hub(name_or_path)
    config = EvaConfig.load(config_file) if config_file and config_file.exists() else EvaConfig()
    if config.read != read:
        raise LoadError(
            f"{source} gives its scores as {config.read}, not {read}: it is a baseline, "
            "and no expected scores can be read from it"
        )
    options: dict[str, Any] = {"trust_remote_code": trust_remote_code}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, **options)
        model = transformers.AutoModelForCausalLM.from_pretrained(
            source, use_safetensors=True, dtype=getattr(torch, dtype) if dtype else torch.float32, **options
        )
        model.to(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        if local:
            raise LoadError(f"cannot load the model in {directory}: {reason}") from error
        raise LoadError(
            f"no model {name_or_path!r}: it is neither embedded ({', '.join(EMBEDDED)}), nor a directory, "
            f"nor could the hub give it ({reason})"
        ) from error
    if not tokenizer.is_fast:
        raise LoadError(
            f"{name_or_path} has no fast tokenizer: exact score positions need one (tokenizer.json)"
        )
    return Checkpoint(
        name_or_path if not local or name_or_path in EMBEDDED else directory.resolve().name or source,
        model.eval(),
        tokenizer,
        config,
    )


def _from_hub(name: str) -> Path | None:
    """The `eva.json` of a model of the hub, fetched or cached; `None` where it has none, or cannot be had."""
    from huggingface_hub import _CACHED_NO_EXIST, hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(name, CONFIG_FILE))
    except LocalEntryNotFoundError:
        cached = try_to_load_from_cache(name, "config.json"), try_to_load_from_cache(name, CONFIG_FILE)
        if isinstance(cached[0], str) and cached[1] is not _CACHED_NO_EXIST:
            log.warning("no hub to ask for eva.json: read as a model without one", extra={"model": name})
    except Exception:  # it has none; or there is no such model, and loading it says so
        pass
    return None


def weights_hash(name_or_path: str) -> str:
    """SHA-256 of the weights of an embedded model or a directory, in hex. Raises `LoadError`."""
    directory = EMBEDDED.get(name_or_path, Path(name_or_path))
    digest = hashlib.sha256()
    files = sorted(directory.glob("*.safetensors"))
    if not files:
        raise LoadError(f"{directory} holds no .safetensors file")
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _check_directory(directory: Path) -> None:
    if not (directory / "config.json").exists():
        raise LoadError(f"{directory} is not a model directory: config.json is missing")
    if not any((directory / name).exists() for name in ("tokenizer.json", "tokenizer.model", "vocab.json")):
        raise LoadError(f"{directory} has no tokenizer (tokenizer.json): save the tokenizer beside the model")
    if not any(directory.glob("*.safetensors")):
        raise LoadError(
            f"{directory} has no .safetensors weights: other formats are not loaded, since they can run code"
        )

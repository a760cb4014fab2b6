"""Linear layers by oneDNN: the same numbers, and only where they can be."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from eva import RewardModel
from eva.model import checkpoint, engine
from eva.model.packed import PackedLinear, pack
from eva.step import ProofStep

STEPS = [ProofStep(goals=("n : Nat\n⊢ n + 0 = n",), tactic=tactic) for tactic in ("simp", "rfl", "omega")]
CAPABILITY = "torch.backends.cpu.get_cpu_capability"
needs_onednn = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="this PyTorch was built without oneDNN"
)


@needs_onednn
@pytest.mark.parametrize("shape", [(1, 48), (3, 48), (2, 70, 48), (48,)])
@pytest.mark.parametrize("bias", [True, False])
def test_it_computes_what_the_linear_layer_computes(shape: tuple[int, ...], bias: bool) -> None:
    linear = nn.Linear(48, 80, bias=bias)
    x = torch.randn(shape)
    with torch.no_grad():
        torch.testing.assert_close(PackedLinear(linear)(x), linear(x), atol=1e-5, rtol=1e-5)
        strided = torch.randn(5, 48, 2)[..., 0]
        torch.testing.assert_close(PackedLinear(linear)(strided), linear(strided), atol=1e-5, rtol=1e-5)


def test_only_plain_float32_layers_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    class Adapter(nn.Linear):
        pass

    def model() -> nn.Sequential:
        return nn.Sequential(
            nn.Linear(4, 4), nn.Linear(4, 4).bfloat16(), Adapter(4, 4), nn.Sequential(nn.Linear(4, 4))
        )

    monkeypatch.setattr(CAPABILITY, lambda: "AVX512")
    packed = model()
    pack(packed)
    there = torch.backends.mkldnn.is_available()
    assert [type(packed[i]) is PackedLinear for i in range(3)] == [there, False, False]
    assert type(packed[3][0]) is (PackedLinear if there else nn.Linear)
    for other in ("AVX2", "DEFAULT"):
        monkeypatch.setattr(CAPABILITY, lambda other=other: other)
        packed = model()
        pack(packed)
        assert type(packed[0]) is nn.Linear, "where MKL is as fast"


@needs_onednn
def test_scores_are_those_of_the_plain_model(tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CAPABILITY, lambda: "AVX512")
    loaded = checkpoint.load(str(tiny_checkpoint))
    packed = RewardModel(loaded).score(STEPS, critique=False)
    assert any(isinstance(module, PackedLinear) for module in loaded.model.modules())
    monkeypatch.setattr(engine, "pack", lambda model: None)
    plain = RewardModel(checkpoint.load(str(tiny_checkpoint))).score(STEPS, critique=False)
    for one, other in zip(packed, plain, strict=True):
        assert one.expected == pytest.approx(other.expected, abs=1e-5)

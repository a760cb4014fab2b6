"""Muon for the matrices of the layers, AdamW for the rest."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from eva.train.base import new_model
from eva.train.optimizer import Factory, orthogonal


@pytest.mark.parametrize("shape", [(24, 24), (16, 48), (48, 16)])
def test_every_direction_gets_the_same_length(shape):
    torch.manual_seed(0)
    u, sizes, v = torch.linalg.svd(torch.randn(shape), full_matrices=False)
    matrix = u @ torch.diag(torch.logspace(0, -1.5, len(sizes))) @ v
    found = orthogonal(matrix)
    assert found.shape == matrix.shape and found.dtype == torch.float32
    lengths = torch.diagonal(u.T @ found @ v.T)
    assert float(lengths.min()) > 0.5 and float(lengths.max()) < 1.3
    off = u.T @ found @ v.T - torch.diag(lengths)
    assert float(off.abs().max()) < 1e-3, "singular vectors stay"


def test_it_steps_as_torchs_own_muon():
    """Which computes in bfloat16: hence the tolerance."""
    torch.manual_seed(0)
    ours, theirs = (nn.ModuleList([nn.Linear(64, 160, bias=False)]) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    inputs = torch.randn(3, 256, 64)
    muon = torch.optim.Muon(
        theirs.parameters(), lr=0.01, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw"
    )
    before = ours[0].weight.detach().clone()
    for model, optimizer in (
        (ours, Factory()(ours, muon=True, lr=0.01, weight_decay=0.1)),
        (theirs, muon),
    ):
        for batch in inputs:
            optimizer.zero_grad()
            model[0](batch).square().mean().backward()
            optimizer.step()
    moved, reference = (model[0].weight.detach() - before for model in (ours, theirs))
    assert float((moved - reference).norm()) < 0.03 * float(reference.norm())


def test_which_weights_are_whose():
    model = new_model("micro", 64)
    muon, matrices, vectors = Factory()(model, muon=True, lr=1e-3, weight_decay=0.1).param_groups
    names = {id(p): name for name, p in model.named_parameters()}
    assert len(muon["params"]) == 2 * 7 and all("_proj" in names[id(p)] for p in muon["params"])
    assert [names[id(p)] for p in matrices["params"]] == ["model.embed_tokens.weight"]
    assert all("norm" in names[id(p)] for p in vectors["params"])
    assert [g["weight_decay"] for g in (muon, matrices, vectors)] == [0.1, 0.1, 0.0]
    [matrices, vectors] = Factory()(model, muon=False, lr=1e-3, weight_decay=0.1).param_groups
    assert len(matrices["params"]) == 2 * 7 + 1 and not matrices["muon"]


def test_without_muon_it_is_adamw():
    one, other = new_model("micro", 64), new_model("micro", 64)
    other.load_state_dict(one.state_dict())
    ours = Factory()(one, muon=False, lr=1e-2, weight_decay=0.0)
    theirs = torch.optim.AdamW(other.parameters(), lr=1e-2, betas=(0.9, 0.98), weight_decay=0.0)
    ids = torch.arange(20).unsqueeze(0)
    for model, optimizer in ((one, ours), (other, theirs)):
        for _ in range(3):
            optimizer.zero_grad()
            model(input_ids=ids, labels=ids).loss.backward()
            optimizer.step()
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_it_goes_on_from_its_saved_state():
    def ahead(model, optimizer, steps):
        for number in range(steps):
            optimizer.zero_grad()
            ids = torch.arange(number, number + 20).unsqueeze(0)
            model(input_ids=ids, labels=ids).loss.backward()
            optimizer.step()

    torch.manual_seed(0)
    whole = new_model("micro", 64)
    optimizer = Factory()(whole, muon=True, lr=1e-2, weight_decay=0.1)
    ahead(whole, optimizer, 3)
    again = new_model("micro", 64)
    again.load_state_dict(whole.state_dict())
    second = Factory()(again, muon=True, lr=1e-2, weight_decay=0.1)
    second.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for model, stepper in ((whole, optimizer), (again, second)):
        ahead(model, stepper, 2)
    for a, b in zip(whole.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)

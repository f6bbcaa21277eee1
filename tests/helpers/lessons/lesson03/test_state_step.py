"""A layer's step as a function of one vector, and the norms the page makes of it."""

import ast

import pytest
import torch
from torch.autograd.functional import jacobian

from helpers.lessons.lesson03.state_step import drawn_step
from helpers.training.untrained import recurrent
from tools.course import notebooks

KINDS = ("RNN", "GRU", "LSTM 0", "LSTM 3")
kinds = pytest.mark.parametrize("kind", KINDS)
SEED = 7


def after(step, state, inputs_te):
    """Return the state after all inputs."""
    for x_e in inputs_te:
        state = step(state, x_e)
    return state


@kinds
def test_the_steps_are_those_of_the_layer(kind):
    step, state, inputs_te = drawn_step(kind, SEED, steps=5)
    torch.manual_seed(SEED)
    layer = recurrent(kind)
    inputs = torch.randn(5, 32)
    _, last = layer.double()(inputs[None].double())
    found = after(step, state, inputs_te)
    parts = last if isinstance(last, tuple) else (last,)
    assert torch.equal(inputs_te, inputs.double()) and not found.requires_grad
    assert state.dtype == found.dtype == torch.float64 and not state.any()
    torch.testing.assert_close(found, torch.cat([part.flatten() for part in parts]))


def test_another_seed_draws_another_layer_and_other_inputs():
    (one, state, inputs), (two, _, others) = (drawn_step("RNN", s) for s in (0, 1))
    assert inputs.shape == (60, 32) and not torch.equal(inputs, others)
    assert not torch.allclose(one(state, inputs[0]), two(state, inputs[0]))


# What the page measures with it


@pytest.fixture(scope="module")
def norms_of():
    """Return the page's own function."""
    lesson = next(path for path in notebooks.lessons() if path.name.startswith("03"))
    page = {"torch": torch}
    for cell in notebooks.code_cells(notebooks.read(lesson)):
        for node in ast.parse(cell.source).body:
            if isinstance(node, ast.FunctionDef) and node.name == "norms_of":
                exec(compile(ast.Module([node], []), "page", "exec"), page)
    return page["norms_of"]


@kinds
def test_the_norms_are_those_of_autograds_jacobian_over_k_steps(norms_of, kind):
    step, state, inputs_te = drawn_step(kind, SEED, steps=4)
    expected = []
    for k in range(1, 5):
        before = after(step, state, inputs_te[: 4 - k])
        whole = jacobian(lambda s, x=inputs_te[4 - k :]: after(step, s, x), before)
        expected.append(torch.linalg.svdvals(whole).max().item())
    found = norms_of(step, state, inputs_te)
    assert found == pytest.approx(expected, rel=1e-9)
    assert all(type(norm) is float for norm in found)


def test_the_last_step_counts_first(norms_of):
    slopes = torch.tensor([2.0, 3.0, 5.0])  # each step multiplies by its input
    found = norms_of(lambda state, x: state * x, torch.ones(1).double(), slopes)
    assert found == pytest.approx([5, 15, 30])


def test_matrices_are_multiplied_in_the_order_of_time(norms_of):
    turn = torch.tensor([[[0.0, 1.0], [0.0, 0.0]], [[1.0, 0.0], [0.0, 0.0]]]).double()
    state = torch.ones(2).double()
    # The second after the first keeps one number; the other way round it keeps none.
    assert norms_of(lambda s, x: x @ s, state, turn) == pytest.approx([1, 1])
    assert norms_of(lambda s, x: x @ s, state, turn.flip(0)) == pytest.approx([1, 0])

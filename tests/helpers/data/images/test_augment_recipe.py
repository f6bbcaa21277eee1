"""The small network and the recipe that trains it, up to its promise on Fashion-MNIST.

The promise needs the data: without them it is skipped, the rest is not. It takes a
minute with PIXELS_BUDGET=1; otherwise a tenth of the steps are held to less.
"""

import ast
import os

import pytest
import torch
import torch.nn.functional as F
from torch.nn.utils import parameters_to_vector

from helpers.core.run import start
from helpers.data.images import augment, datasets, fashion_mnist
from helpers.data.images.augment import shift_each
from helpers.models.vision.resnet import BasicBlock, PlainBlock, SmallResNet
from helpers.training.data_pruning import PrunedBatches
from helpers.training.fit import decaying_adamw, fit, predict
from tools.course import files, notebooks

STEPS = 2200  # within 60 CPU seconds at one thread, where they were counted
LITTLE = 0.1  # of these steps, for a test that takes seconds


def generator(seed=0):
    """Return a generator of its own for one test."""
    return torch.Generator().manual_seed(seed)


def pictures(n=64, height=7, width=5):
    """Return pictures (n, 1, height, width) no two of which are alike."""
    return torch.rand(n, 1, height, width, generator=generator())


def small_net(seed=0, **settings):
    """Return a seeded SmallResNet."""
    torch.manual_seed(seed)
    return SmallResNet(**settings)


# The pictures


def test_each_picture_moves_by_one_pixel_at_most_and_zeros_come_in():
    before = pictures(200)
    after = shift_each(before, generator())
    padded, moves = F.pad(before, (1, 1, 1, 1)), []
    for picture, moved in zip(padded, after, strict=True):
        fits = [
            (down - 1, right - 1)
            for down in range(3)
            for right in range(3)
            if torch.equal(moved, picture[:, down : down + 7, right : right + 5])
        ]
        assert len(fits) == 1
        moves += fits
    assert len(set(moves)) == 9  # every move occurs, so the pictures move apart


def test_shifts_keep_the_form_and_their_input():
    before = pictures()
    kept = before.clone()
    after = shift_each(before, generator())
    assert after.shape == before.shape and after.dtype == before.dtype
    assert torch.equal(before, kept)
    assert shift_each(before[:, :, :1, :1], generator()).shape == (64, 1, 1, 1)


def test_shifts_draw_from_the_given_generator_only():
    state = torch.get_rng_state()
    first, again, other = (shift_each(pictures(), generator(s)) for s in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)


def test_colours_move_together():
    grey = pictures().expand(-1, 3, -1, -1)
    red, green, blue = shift_each(grey, generator()).unbind(1)
    assert torch.equal(red, green) and torch.equal(green, blue)


# The network and its optimizer


@pytest.mark.parametrize("size", [8, 10, 12, 16, 28])
def test_one_network_for_every_even_size(size):
    logits = small_net()(torch.rand(3, 1, size, size))
    assert logits.shape == (3, 10) and logits.isfinite().all()


def test_without_its_shortcuts_the_network_has_the_same_weights():
    both = small_net(), small_net(block=PlainBlock)
    assert torch.equal(*(parameters_to_vector(net.parameters()) for net in both))
    images = torch.rand(4, 1, 16, 16, generator=generator())
    with_skips, plain = (net(images) for net in both)
    assert not torch.allclose(with_skips, plain)


def test_only_kernels_and_matrices_decay():
    net = small_net()
    optimizer = decaying_adamw(net, lr=0.01, weight_decay=0.5)
    before = [p.detach().clone() for p in net.parameters()]
    for p in net.parameters():
        p.grad = torch.zeros_like(p)  # what moves now, moves by decay alone
    optimizer.step()
    for old, new in zip(before, net.parameters(), strict=True):
        kept = 1 - 0.01 * 0.5 if new.dim() > 1 else 1.0
        assert torch.allclose(new, old * kept)


# The promise


def pages_recipe(train, budget):
    """Return (steps, reader, answers) as lesson 02 has them: the number of steps, the
    function that trains `reader(block, seed)`, and that which reads pictures."""
    path = files.NOTEBOOKS / "02_resnet_residual_blocks.ipynb"
    wanted, parts = {"steps", "reader", "answers"}, []
    for cell in notebooks.code_cells(notebooks.read(path)):
        if "def reader(" in cell.source or "def answers(" in cell.source:
            nodes = ast.parse(cell.source).body
            parts += [node for node in nodes if names(node) & wanted]
    page = {"torch": torch, "augment": augment, "fit": fit, "predict": predict}
    page |= {"decaying_adamw": decaying_adamw, "PrunedBatches": PrunedBatches}
    page |= {"SmallResNet": SmallResNet, "train": train}
    page["BasicBlock"], page["run"] = BasicBlock, start(budget=budget)
    exec(compile(ast.Module(parts, []), str(path), "exec"), page)
    return page["steps"], page["reader"], page["answers"]


def names(node):
    """Return the names that a statement defines."""
    targets = getattr(node, "targets", [node])
    return {getattr(t, "id", getattr(t, "name", None)) for t in targets}


def fashion(part):
    """Return a part of Fashion-MNIST. A test never downloads: it skips without."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fashion_mnist, "download", lambda folder: absent())
        return datasets.fashion(train=part == "train")


def absent():
    """Skip the test, and say which files it needs."""
    pytest.skip(
        "needs the four files of Fashion-MNIST, in the course cache or from the "
        f"system's package dataset-fashion-mnist ({fashion_mnist.SYSTEM})"
    )


@pytest.mark.timeout(1800)
def test_fashion_reaches_what_the_page_promises():
    train, test = fashion("train"), fashion("test")
    budget = float(os.environ.get("PIXELS_BUDGET", LITTLE))
    steps, reader, answers = pages_recipe(train, budget)
    assert steps == STEPS
    n = len(test) if budget >= 1 else 2_000  # pictures to read
    found = answers(reader(BasicBlock, 0), test.images[:n]).argmax(dim=1)
    share = (found == test.labels[:n]).float().mean().item()
    assert share >= (0.915 if budget >= 1 else 0.8), share

"""Drawing text: which tokens are kept, and what is fed back."""

import pytest
import torch
from torch import nn

from helpers.models.language.sampling import generate, next_probabilities, top_k, top_p
from helpers.models.recurrent.lstm import LanguageModel

MIXED = [0.1, 0.4, 0.2, 0.3]


def kept(function, probabilities, limit):
    """Return the probabilities after the cut, as a list."""
    return function(torch.tensor(probabilities, dtype=torch.float64), limit).tolist()


@pytest.mark.parametrize(
    ("k", "wanted"),
    [
        (1, [0, 1, 0, 0]),
        (2, [0, 4 / 7, 0, 3 / 7]),
        (3, [0, 4 / 9, 2 / 9, 3 / 9]),
        (4, MIXED),
        (5, MIXED),
        (1000, MIXED),
    ],
)
def test_the_k_most_probable_are_kept(k, wanted):
    assert kept(top_k, MIXED, k) == pytest.approx(wanted, abs=1e-15)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_of_equally_probable_ones_exactly_k_are_kept(k):
    probabilities = kept(top_k, [0.25] * 4, k)
    assert sorted(probabilities) == pytest.approx([0] * (4 - k) + [1 / k] * k)


@pytest.mark.parametrize(
    ("p", "wanted"),
    [
        (1e-9, [0, 1, 0, 0]),
        (0.39, [0, 1, 0, 0]),
        (0.41, [0, 4 / 7, 0, 3 / 7]),
        (0.69, [0, 4 / 7, 0, 3 / 7]),
        (0.71, [0, 4 / 9, 2 / 9, 3 / 9]),
        (0.91, MIXED),
        (1, MIXED),
    ],
)
def test_the_fewest_that_hold_p_together_are_kept(p, wanted):
    assert kept(top_p, MIXED, p) == pytest.approx(wanted, abs=1e-15)


def test_a_share_reached_exactly_is_enough():
    eighths = [0.125, 0.5, 0.25, 0.125]  # exact in binary
    assert kept(top_p, eighths, 0.5) == [0, 1, 0, 0]
    assert kept(top_p, eighths, 0.75) == pytest.approx([0, 2 / 3, 1 / 3, 0])


@pytest.mark.parametrize(("p", "n"), [(0.1, 1), (0.25, 1), (0.3, 2), (0.6, 3), (1, 4)])
def test_of_equally_probable_ones_as_many_as_needed_are_kept(p, n):
    probabilities = kept(top_p, [0.25] * 4, p)
    assert sorted(probabilities) == pytest.approx([0] * (4 - n) + [1 / n] * n)


@pytest.mark.parametrize(("cut", "limit"), [(top_k, 7), (top_p, 0.6)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_is_kept_is_the_most_probable_in_proportion_and_sums_to_one(
    cut, limit, dtype
):
    generator = torch.Generator().manual_seed(0)
    before = torch.randn(40, generator=generator).mul(2).softmax(dim=0).to(dtype)
    given = before.clone()
    after = cut(before, limit)
    assert after.dtype == dtype and torch.equal(before, given)
    assert after.sum().item() == pytest.approx(1, abs=1e-6)
    chosen = after > 0
    assert before[chosen].min() > before[~chosen].max()
    torch.testing.assert_close(after[chosen], before[chosen] / before[chosen].sum())


# Both, and the temperature

LOGITS = torch.tensor([0.1, 0.4, 0.2, 0.3], dtype=torch.float64).log() + 5


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, MIXED),
        ({"temperature": 0.5}, [1 / 30, 16 / 30, 4 / 30, 9 / 30]),
        ({"k": 1}, [0, 1, 0, 0]),
        ({"k": 3}, [0, 4 / 9, 2 / 9, 3 / 9]),
        ({"p": 0.5}, [0, 4 / 7, 0, 3 / 7]),
        ({"k": 3, "p": 0.75}, [0, 4 / 7, 0, 3 / 7]),  # of what k left: 7 / 9
        ({"temperature": 0.5, "p": 0.5}, [0, 1, 0, 0]),  # alone more than half
        ({"temperature": 1e9}, [0.25] * 4),
    ],
)
def test_logits_are_cooled_then_cut_by_k_then_by_p(options, wanted):
    found = next_probabilities(LOGITS, **options)
    assert found.tolist() == pytest.approx(wanted, abs=1e-8)


@pytest.mark.parametrize("temperature", [0, -1.0])
def test_a_temperature_that_is_not_above_0_is_refused(temperature):
    with pytest.raises(ValueError, match="temperature"):
        next_probabilities(LOGITS, temperature)


# Drawing


@pytest.fixture(scope="module")
def model():
    """Return an untrained model whose next symbol depends on the whole past."""
    torch.manual_seed(0)
    model = LanguageModel(6, nn.GRU(4, 8, batch_first=True))
    for weight in model.parameters():
        nn.init.normal_(weight)
    nn.init.normal_(model.head.weight, std=0.5)
    nn.init.zeros_(model.head.bias)
    return model


PROMPT = torch.tensor([2, 0, 5])


def drawn(model, n=12, seed=0, choose=lambda logits: logits.softmax(dim=0)):
    """Return n tokens after the prompt."""
    return generate(model, PROMPT, n, choose, torch.Generator().manual_seed(seed))


def test_the_generator_decides(model):
    assert torch.equal(drawn(model), drawn(model))
    assert not torch.equal(drawn(model), drawn(model, seed=1))


def test_the_global_generator_is_left_alone(model):
    before = torch.get_rng_state()
    drawn(model)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_tokens_are_those_of_reading_the_whole_text_each_time(model, seed):
    generator, text = torch.Generator().manual_seed(seed), PROMPT
    for _ in range(12):
        probabilities = model(text[None])[0][0, -1].softmax(dim=0)
        token = torch.multinomial(probabilities, 1, generator=generator)
        text = torch.cat([text, token])
    assert torch.equal(drawn(model, seed=seed), text[3:])
    assert len(text[3:].unique()) > 2


def test_the_most_probable_ones_can_be_asked_for(model):
    text = PROMPT
    for _ in range(6):
        text = torch.cat([text, model(text[None])[0][0, -1:].argmax(dim=-1)])
    best = drawn(model, 6, choose=lambda logits: top_k(logits.softmax(dim=0), 1))
    assert torch.equal(best, text[3:])


def test_tokens_come_as_often_as_they_are_probable(model):
    shares = torch.tensor([0.5, 0.0, 0.3, 0.2, 0.0, 0.0])
    counts = drawn(model, 400, choose=lambda logits: shares).bincount(minlength=6)
    assert (counts / 400).tolist() == pytest.approx(shares.tolist(), abs=0.07)


def test_one_token_after_a_prompt_of_one_and_no_history_is_kept(model):
    seen = []

    def choose(logits):
        seen.append(logits)
        return logits.softmax(dim=0)

    tokens = generate(model, PROMPT[:1], 1, choose, torch.Generator())
    assert tokens.shape == (1,) and tokens.dtype == torch.long
    assert len(seen) == 1 and seen[0].shape == (6,) and not seen[0].requires_grad


def test_a_nucleus_of_everything_keeps_everything():
    rare = torch.tensor([1.0, 1e-9])  # in float32 the first alone holds all of it
    assert (top_p(rare, 1.0) > 0).all()


@pytest.mark.parametrize("wrong", [{"temperature": 0.0}, {"k": 0}, {"p": 0.0}])
def test_limits_that_leave_nothing_are_refused(wrong):
    with pytest.raises(ValueError, match=r"^temperature, k and p must be above 0$"):
        next_probabilities(torch.zeros(3), **wrong)


def test_the_model_is_asked_once_per_token():
    asked = []

    def model(ids, state):
        asked.append(ids.shape)
        return torch.zeros(1, ids.shape[1], 4), state

    softmax = torch.nn.Softmax(dim=0)
    drawn = generate(model, torch.tensor([1, 2]), 3, softmax, torch.Generator())
    assert len(drawn) == 3 and asked == [(1, 2), (1, 1), (1, 1)]

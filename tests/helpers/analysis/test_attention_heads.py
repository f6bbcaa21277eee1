"""Jobs are measured on maps whose heads do exactly one thing."""

import pytest
import torch

from helpers.analysis.attention_heads import (
    BEST,
    best_heads,
    head_jobs,
    measure_jobs,
    targets,
    weight_on,
)

TOKENS = ["[CLS]", "the", "cat", "##s", "met", "the", "dog", ".", "[SEP]"]
T = len(TOKENS)
LOOKS = {  # where each token looks in a head that does nothing else
    "previous token": [0, 0, 1, 2, 3, 4, 5, 6, 7],
    "next token": [1, 2, 3, 4, 5, 6, 7, 8, 8],
    "itself": list(range(T)),
    "[CLS]": [0] * T,
    "[SEP]": [T - 1] * T,
    "punctuation elsewhere": [7] * T,
    "the same word elsewhere": [0, 5, 2, 3, 4, 1, 6, 7, 8],
    "the rest of its own word": [0, 1, 3, 2, 4, 5, 6, 7, 8],
}


def looking(keys):
    """Return the map (1, 1, T, T) of a head that looks at one key per query."""
    return torch.eye(T)[keys][None, None]


@pytest.mark.parametrize("job", LOOKS)
def test_a_head_with_one_job_does_it_wholly(job):
    assert weight_on(looking(LOOKS[job]), targets(TOKENS)[job]).item() == 1


@pytest.mark.parametrize(
    ("job", "doing", "share"),
    [
        ("previous token", "[CLS]", 1 / 7),  # of "the" alone
        ("next token", "[SEP]", 1 / 7),
        ("[CLS]", "previous token", 1 / 7),
        ("[SEP]", "next token", 1 / 7),
        ("itself", "the same word elsewhere", 5 / 7),
        ("itself", "previous token", 0),
        ("the same word elsewhere", "itself", 0),
        ("the rest of its own word", "previous token", 1 / 2),
        ("the rest of its own word", "next token", 1 / 2),
        ("the rest of its own word", "itself", 0),
        ("punctuation elsewhere", "next token", 1 / 6),
        ("punctuation elsewhere", "itself", 0),
    ],
)
def test_other_heads_do_it_by_the_way(job, doing, share):
    weight = weight_on(looking(LOOKS[doing]), targets(TOKENS)[job])
    assert weight.item() == pytest.approx(share)


def test_every_job_has_a_case_here():
    assert list(targets(TOKENS)) == [
        "previous token",
        "next token",
        "itself",
        "[CLS]",
        "[SEP]",
        "the same word elsewhere",
        "the rest of its own word",
        "punctuation elsewhere",
    ]
    assert set(LOOKS) == set(targets(TOKENS))


def test_the_first_and_the_last_token_are_not_asked():
    map_tt = torch.zeros(1, 1, T, T)
    map_tt[..., 0, :] = map_tt[..., -1, :] = 9
    assert all(weight_on(map_tt, target) == 0 for target in targets(TOKENS).values())


def test_a_word_in_three_pieces_has_two_others():
    target = targets(["[CLS]", "an", "a", "##b", "##c", "[SEP]"])
    rest = target["the rest of its own word"]
    assert rest[2:5].int().tolist() == [
        [0, 0, 0, 1, 1, 0],
        [0, 0, 1, 0, 1, 0],
        [0, 0, 1, 1, 0, 0],
    ]
    assert not rest[1].any()


def test_a_job_that_a_sentence_does_not_offer_is_not_a_number():
    tokens = ["[CLS]", "a", "b", "[SEP]"]
    target = targets(tokens)["the same word elsewhere"]
    assert weight_on(torch.full((2, 3, 4, 4), 0.25), target).isnan().all()


def two_heads(share):
    """Return a map of one layer whose second head looks back with this share."""
    even = torch.full((T, T), 1 / T)
    back = looking(LOOKS["previous token"])[0, 0]
    return torch.stack([even, share * back + (1 - share) * even])[None]


def test_the_mean_and_the_least_are_over_sentences():
    jobs = measure_jobs([(TOKENS, two_heads(1.0)), (TOKENS, two_heads(0.1))])
    back = jobs["previous token"]
    low = 0.1 + 0.9 / T
    assert back.mean[0].tolist() == pytest.approx([1 / T, (1 + low) / 2])
    assert back.least[0].tolist() == pytest.approx([1 / T, low])
    assert back.mean.shape == back.least.shape == (1, 2) and back.sentences == 2


def test_only_sentences_that_offer_a_job_count_for_it():
    short = ["[CLS]", "a", "b", "[SEP]"]
    readings = [(TOKENS, two_heads(1.0)), (short, torch.full((1, 2, 4, 4), 0.25))]
    jobs = measure_jobs(readings)
    assert jobs["the same word elsewhere"].sentences == 1
    assert jobs["previous token"].sentences == 2
    assert "punctuation elsewhere" not in measure_jobs(readings[1:])
    assert not jobs["the same word elsewhere"].mean.isnan().any()


def test_without_a_sentence_nothing_can_be_measured():
    with pytest.raises(ValueError, match="there are none"):
        measure_jobs([])


def test_the_best_head_of_each_job_is_named_from_zero():
    rows = best_heads(
        measure_jobs([(TOKENS, two_heads(1.0)), (TOKENS, two_heads(0.5))])
    )
    assert [row[0] for row in rows] == list(targets(TOKENS))
    job, layer, head, mean, least = rows[0]
    assert (job, layer, head) == ("previous token", 0, 1)
    assert mean == pytest.approx(0.75 + 0.25 / T)
    assert least == pytest.approx(0.5 + 0.5 / T)
    assert len(BEST) == len(rows[0])


def test_layers_and_heads_are_not_mixed_up():
    map_lntt = torch.zeros(2, 3, T, T)
    map_lntt[1, 0] = looking(LOOKS["next token"])
    rows = {row[0]: row[1:] for row in best_heads(measure_jobs([(TOKENS, map_lntt)]))}
    assert rows["next token"] == (1, 0, 1.0, 1.0)


class Parrot:
    """A reader whose only head looks back."""

    def tokens(self, text):
        return TOKENS

    def attention(self, text):
        return looking(LOOKS["previous token"])


def test_texts_are_read_by_the_model():
    job = head_jobs(Parrot(), ["one", "two"])["previous token"]
    assert job.mean.item() == 1 and job.sentences == 2

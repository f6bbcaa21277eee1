"""Paragraphs and the libraries they come from: no names, no twins, fair draws."""

import importlib
import itertools
import os
import random
import re

import pytest
import torch

from helpers.core.errors import UserError
from helpers.data.text import docstrings, libraries
from helpers.data.text.libraries import (
    PER_FILE,
    Novelty,
    Texts,
    draws,
    library_task,
    masked,
    phrases,
)

WORDS = ["amber", "birch", "cedar", "delta", "ember", "flint", "grove", "hazel"]
WORDS += ["ivory", "jade", "kelp", "lilac"]
PROSE = "Return a copy of this thing, which is as good as the thing itself was."


def sentence(rng):
    """Return prose of 16 random words: two of them hardly ever share a phrase."""
    return " ".join(rng.choices(WORDS, k=16)).capitalize() + "."


@pytest.fixture
def install(tmp_path, monkeypatch):
    """A function that installs a library of `n_files` files, each with the paragraphs
    that `texts(file number)` returns."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(name, n_files, texts):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(
            "raise RuntimeError('imported')\n", encoding="utf-8"
        )
        for number in range(n_files):
            docstring = "\n\n".join(texts(number))
            file = tmp_path / name / f"part{number}.py"
            file.write_text(f'"""{docstring}\n"""\n', encoding="utf-8")
        about = tmp_path / f"{name}.dist-info" / "METADATA"
        about.parent.mkdir()
        about.write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8"
        )
        importlib.invalidate_caches()

    return install


@pytest.fixture
def birds(install):
    """Two libraries of 30 files with 4 paragraphs each, all different."""
    rng = random.Random(3)
    for name in ("finch", "robin"):
        install(name, 30, lambda number: [sentence(rng) for _ in range(4)])
    return ("finch", "robin")


@pytest.fixture(scope="module")
def real():
    """A small task from the libraries that are installed."""
    return library_task(n_pool=24, n_test=8)


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("NumPy arrays", "it arrays"),
        ("in PyTorch, as TorchScript", "in it, as it"),
        ("a numpy-like, torch_geometric thing", "a it-like, it thing"),
        ("torch.nn.Linear's weight", "it's weight"),
        ("np.sum or np", "it or it"),
        ("plt.show(), mpl_toolkits.axes", "it(), it"),
        ("nx, but not nxt", "it, but not nxt"),
        ("os.path.join of Python's CPython", "it of it's it"),
        ("see https://docs.python.org/3/", "see https://it/3/"),
        ("the .Axes.plot of an .Axis", "the it of an it"),
        ("i.e. this, e.g. that...", "i.e. this, e.g. that..."),
        ("It ends. And 3.14 goes on.", "It ends. And 3.14 goes on."),
    ],
)
def test_what_gives_a_library_away_becomes_it(written, read):
    assert masked(written) == read


def test_no_name_is_left_in_the_task(real):
    names = "|".join(docstrings.LIBRARIES)
    for text in real[0].texts + real[1].texts:
        assert not re.search(rf"{names}|\b(np|nx|plt|mpl)\b|\w\w\.\w\w", text, re.I)


# ---------------------------------------------------------------- the task


def test_the_task_is_balanced(real):
    pool, test = real
    assert pool.labels.bincount().tolist() == [24] * 6
    assert test.labels.bincount().tolist() == [8] * 6
    assert (len(pool), len(test)) == (len(pool.texts), len(test.texts)) == (144, 48)


def test_the_task_is_the_same_every_time(birds, monkeypatch):
    first = library_task(20, 10, birds)
    walk = os.walk

    def backwards(root):
        for folder, inside, names in walk(root):
            yield folder, inside, sorted(names)[::-1]

    monkeypatch.setattr(os, "walk", backwards)
    for part, again in zip(first, library_task(20, 10, birds), strict=True):
        assert part.texts == again.texts
        assert torch.equal(part.labels, again.labels)


def test_no_source_file_is_on_both_sides(install):
    # The last word names the file.
    rng = random.Random(5)
    end = "abcdefghijklmnopqrstuvwxyz"
    install("finch", 26, lambda n: [f"{sentence(rng)[:-1]} {end[n]}." for _ in "1234"])
    pool, test = library_task(30, 12, ("finch",))
    assert not {t[-2] for t in pool.texts} & {t[-2] for t in test.texts}


def test_a_file_gives_few_paragraphs(install):
    rng = random.Random(5)
    end = "abcdefghijklmnopqrstuvwxyz"
    install("finch", 26, lambda n: [f"{sentence(rng)[:-1]} {end[n]}." for _ in end])
    pool, _ = library_task(60, 20, ("finch",))
    counts = [sum(t[-2] == letter for t in pool.texts) for letter in end]
    assert max(counts) == PER_FILE


def test_reading_stops_when_there_is_enough(install, monkeypatch):
    rng, read = random.Random(5), []
    install("finch", 100, lambda number: [sentence(rng) for _ in range(4)])
    parse = libraries.documentation
    monkeypatch.setattr(
        libraries,
        "documentation",
        lambda file: read.append(file) or parse(file),
    )
    library_task(20, 8, ("finch",))
    # 5 files and 2 are needed; were all that is held out first, it would be 30 more.
    assert 7 <= len(read) <= 20


def test_near_duplicates_are_left_out(install):
    rng = random.Random(7)
    base = sentence(rng)
    install("finch", 40, lambda n: [sentence(rng), f"{base[:-1]} {WORDS[n % 12]}."])
    pool, test = library_task(10, 5, ("finch",))
    assert sum(text.startswith(base[:-1]) for text in pool.texts + test.texts) <= 1


def test_too_few_paragraphs(birds):
    with pytest.raises(UserError) as caught:
        library_task(200, 5, birds)
    n = int(re.search(r"hold (\d+)", str(caught.value))[1])
    assert 50 < n < 120
    assert str(caught.value) == (
        f"The docs of finch hold {n} paragraphs to learn from and 5 to test on; "
        "200 and 5 are needed."
    )


def test_a_library_that_is_absent():
    with pytest.raises(UserError, match="wren is not installed"):
        library_task(1, 1, ("wren",))


# ---------------------------------------------------------------- near-duplicates


def test_phrases_are_of_three_words():
    assert phrases("One two, three -- FOUR.") == {"one two three", "two three four"}
    assert phrases("One two.") == {"one two"}
    assert phrases("...") == {""}


@pytest.mark.parametrize(
    ("other", "new"),
    [
        (PROSE, False),
        (PROSE.upper(), False),
        (f"{PROSE} And much more is said of it here, by far, than is needed.", False),
        ("Return a copy of this thing, which is as useful as ever.", False),
        ("Return a copy of that thing, which was as new as any thing.", True),
        ("Another sentence, which says something else about it.", True),
    ],
)
def test_a_near_duplicate_shares_half_of_the_shorter_ones_phrases(other, new):
    novelty = Novelty()
    assert novelty.adds(PROSE)
    assert novelty.adds(other) is new


def test_texts_that_are_kept_are_no_near_duplicates():
    rng = random.Random(11)
    # Few words, so that phrases are shared by chance, too.
    texts = [" ".join(rng.choices("abcd", k=rng.randint(3, 12))) for _ in range(300)]
    novelty = Novelty()
    kept = [phrases(text) for text in texts if novelty.adds(text)]
    assert 10 < len(kept) < 250
    for one, two in itertools.combinations(kept, 2):
        assert 2 * len(one & two) < min(len(one), len(two))


def test_the_real_task_has_no_near_duplicates(real, monkeypatch):
    found = [phrases(text) for text in real[0].texts + real[1].texts]
    for one, two in itertools.combinations(found, 2):
        assert 2 * len(one & two) < min(len(one), len(two))
    assert libraries.PHRASE == 3


# ---------------------------------------------------------------- few labels


@pytest.fixture
def pool():
    """Three classes of 20 texts, which say what they are."""
    return Texts([f"{c}{i}" for c in "abc" for i in range(20)], torch.arange(60) // 20)


@pytest.mark.parametrize(("k", "n"), [(1, 1), (4, 5), (6, 3), (20, 1)])
def test_draws_are_balanced_and_share_nothing(pool, k, n):
    found = draws(pool, k, n, seed=1)
    assert len(found) == n
    for draw in found:
        assert draw.labels.tolist() == [0] * k + [1] * k + [2] * k
        assert [text[0] for text in draw.texts] == ["a"] * k + ["b"] * k + ["c"] * k
    texts = [text for draw in found for text in draw.texts]
    assert len(set(texts)) == len(texts) == 3 * k * n


def test_a_smaller_draw_is_part_of_the_larger_one(pool):
    for few, many in zip(draws(pool, 2, 3, 1), draws(pool, 6, 3, 1), strict=True):
        assert set(few.texts) < set(many.texts)


def test_draws_depend_on_the_seed_alone(pool):
    torch.manual_seed(0)
    first = [draw.texts for draw in draws(pool, 4, 3, seed=1)]
    assert torch.rand(1).item() == torch.rand(1, generator=fresh(0)).item()
    assert [draw.texts for draw in draws(pool, 4, 3, seed=1)] == first
    assert [draw.texts for draw in draws(pool, 4, 3, seed=2)] != first


def fresh(seed):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("k", "n"), [(0, 1), (1, 0), (7, 3), (21, 1)])
def test_draws_that_the_pool_does_not_hold(pool, k, n):
    with pytest.raises(UserError) as caught:
        draws(pool, k, n, seed=0)
    assert str(caught.value) == (
        f"{n} draws of {k} texts per class asked for; the pool has 20 of class 0, "
        "and 1 is the least."
    )

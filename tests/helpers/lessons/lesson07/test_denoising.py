"""Denoisers' experiments: no overlap, fresh noise, settings of known pictures."""

from itertools import islice

import pytest
import torch

from helpers.data.images.datasets import digits
from helpers.data.images.splits import few
from helpers.lessons.lesson07 import denoising
from helpers.lessons.lesson07.denoising import (
    PCA,
    ahead,
    baselines,
    cleaners,
    each_scaled,
    feature_sets,
    few_of,
    gaussian,
    means,
    median,
    new_denoiser,
    noisy_batches,
    normal,
    one_scale,
    psnr,
    read_right,
    split,
    towards,
)


@pytest.fixture(scope="module")
def data():
    return split(digits(), 4)


def test_pool_and_test_share_no_picture_and_hold_them_all(data):
    assert (len(data.pool), len(data.test)) == (1000, 797)
    assert len({*data.pool.tolist(), *data.test.tolist()}) == 1797
    assert torch.equal(data.test, few(data.labels_n, 1, 4)[1])
    assert torch.equal(data.known, data.pictures_np[data.pool])


def test_the_noise_has_the_strength_asked_for_and_follows_the_seed(data):
    noise = data.noisy_np - data.pictures_np
    assert noise.std().item() == pytest.approx(0.3, abs=0.005)
    assert noise.mean().abs() < 0.005
    assert split(digits(), 4, 0.6).noisy_np.sub(data.pictures_np).std() > 0.55
    assert not torch.equal(split(digits(), 5).noisy_np, data.noisy_np)
    assert torch.equal(normal((2, 3), 1), normal((2, 3), 1))


def test_every_batch_has_new_noise_and_its_own_clean_pictures():
    known = torch.arange(6.0).view(6, 1).expand(6, 50)
    served = list(islice(noisy_batches(known, 0.5, 3, size=2), 6))
    for start in (0, 3):
        clean = torch.cat([c for c, _ in served[start : start + 3]])
        assert sorted(clean[:, 0].tolist()) == [0, 1, 2, 3, 4, 5]
    noise = torch.cat([n for _, n in served])
    assert noise.std().item() == pytest.approx(0.5, abs=0.05)
    assert len(noise[:, 0].unique()) == 12
    assert all(n.count_nonzero() == 0 for _, n in islice(noisy_batches(known, 0, 3), 3))


def test_a_new_denoiser_follows_its_seed_and_moves_no_other_random_numbers():
    torch.manual_seed(1)
    before = torch.rand(1)
    torch.manual_seed(1)
    one, same, other = (new_denoiser(seed) for seed in (5, 5, 6))
    assert torch.equal(torch.rand(1), before)
    weights = [model.f[0].weight for model in (one, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_filters_work_on_each_picture_alone():
    pictures = torch.zeros(3, 64)
    pictures[1, 27] = 1
    blurred = gaussian(pictures, 0.8)
    assert blurred[[0, 2]].count_nonzero() == 0
    assert blurred[1].argmax() == 27 and blurred[1, 27] < 0.5
    assert blurred[1].view(8, 8)[3, 2] == blurred[1].view(8, 8)[2, 3] > 0
    assert median(pictures, 3).count_nonzero() == 0
    assert torch.equal(median(pictures, 1), pictures)


def test_pca_with_all_directions_gives_the_picture_back_and_widest_come_first(data):
    pca = PCA.of(data.known)
    torch.testing.assert_close(
        pca.clean(data.noisy_np, 64), data.noisy_np, rtol=0, atol=1e-4
    )
    spread = pca.features(data.known, 10).var(dim=0)
    assert (spread.diff() <= 0).all()
    assert pca.features(data.known, 3).mean(dim=0).abs().max() < 1e-4
    mean_p = data.known.mean(dim=0)
    torch.testing.assert_close(pca.clean(mean_p[None], 2)[0], mean_p)


def test_psnr_by_hand():
    assert psnr(torch.full((2, 5), 0.1), torch.zeros(2, 5)) == pytest.approx(20)
    half = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    assert psnr(half, torch.zeros(2, 2)) == pytest.approx(6.0206, abs=1e-4)


def test_cleaners_are_chosen_on_the_pool_alone(data, monkeypatch):
    monkeypatch.setattr(denoising, "WIDTHS", (0.3, 0.6, 1.2))
    found = cleaners(data)
    assert list(found) == ["Gaussian", "median", "PCA"]
    test = data.noisy_np[data.test[:9]]
    torch.testing.assert_close(found["Gaussian"](test), gaussian(test, 0.6))
    torch.testing.assert_close(found["median"](test), median(test, 3))
    assert psnr(found["PCA"](test), data.pictures_np[data.test[:9]]) > 14
    spoilt = data.noisy_np.clone()
    spoilt[data.test] = 9.0
    other = cleaners(
        denoising.Pixels(
            data.pictures_np, data.labels_n, data.pool, data.test, noisy_np=spoilt
        )
    )
    torch.testing.assert_close(other["PCA"](test), found["PCA"](test))


def test_one_scale_keeps_which_feature_varies_most():
    x, pool = torch.tensor([[1.0, 10.0], [3.0, 30.0], [99.0, 99.0]]), torch.arange(2)
    together, each = one_scale(x, pool), each_scaled(x, pool)
    assert together[:2].square().mean().item() == pytest.approx(1)
    assert together[1, 1] == 10 * together[1, 0]
    torch.testing.assert_close(each[:2], torch.tensor([[-1.0, -1], [1, 1]]))
    constant = each_scaled(torch.ones(3, 1), pool)
    assert constant.count_nonzero() == 0


def test_labels_are_drawn_from_the_pool_and_equally(data):
    drawn = few_of(data.pool, data.labels_n, 3, 8)
    assert set(drawn.tolist()) <= set(data.pool.tolist())
    assert data.labels_n[drawn].bincount().tolist() == [3] * 10
    fewer = few_of(data.pool, data.labels_n, 1, 8)
    assert set(fewer.tolist()) < set(drawn.tolist())
    assert not torch.equal(drawn, few_of(data.pool, data.labels_n, 3, 9))


def test_heads_read_test_pictures_and_are_averaged_over_draws(data):
    told = torch.nn.functional.one_hot(data.labels_n).float()
    assert read_right(told, data, 1, [0, 1]) == 1
    told[data.test] = told[data.test].roll(1, dims=1)
    assert read_right(told, data, 1, [0]) == 0
    single = [read_right(data.pictures_np, data, 1, [seed]) for seed in (0, 1)]
    both = read_right(data.pictures_np, data, 1, [0, 1])
    assert both == pytest.approx(sum(single) / 2) and 0.4 < both < 0.85
    each = read_right(data.pictures_np, data, 1, [0, 1], each_scaled)
    assert each != both


def test_feature_sets_are_of_clean_pictures(data):
    model = new_denoiser(2)
    sets = feature_sets(data, model, 3)
    sizes = {name: x.shape[1] for name, x in sets.items()}
    assert sizes == {"pixels": 64, "PCA": 30, "untrained": 128, "denoiser": 128}
    assert torch.equal(sets["pixels"], data.pictures_np)
    assert torch.equal(sets["denoiser"], model.f(data.pictures_np))
    assert torch.equal(sets["untrained"], new_denoiser(3).f(data.pictures_np))
    assert not sets["denoiser"].requires_grad


def test_arrows_towards_home():
    starts, homes = torch.zeros(2, 2), torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    assert towards(3 * homes, starts, homes) == pytest.approx(1)
    assert towards(torch.tensor([[1.0, 0.0], [1.0, 0.0]]), starts, homes) == 0.5
    assert towards(starts - homes + 1, starts + 1, homes + 1) == pytest.approx(-1)


def test_baselines_answer_the_noisy_test_pictures(data):
    noisy, clean = data.tested
    assert torch.equal(noisy, data.noisy_np[data.test])
    assert torch.equal(clean, data.pictures_np[data.test])
    found = baselines(data, 6)
    assert list(found) == ["noisy", "untrained", "mean", "Gaussian", "median", "PCA"]
    assert torch.equal(found["noisy"], noisy)
    assert torch.equal(found["untrained"], new_denoiser(6)(noisy))
    assert torch.equal(found["mean"][5], data.known.mean(dim=0))
    torch.testing.assert_close(found["median"], median(noisy, 3))
    assert {tuple(x.shape) for x in found.values()} == {(797, 64)}
    assert not any(x.requires_grad for x in found.values())


def test_ahead_is_of_the_best_other_and_the_table_holds_means():
    found = [
        {("a", 1): 2.0, ("a", 5): 4.0, ("b", 1): 1.0, ("c", 1): 1.5},
        {("a", 1): 4.0, ("a", 5): 8.0, ("b", 1): 5.0, ("c", 1): 0.0},
    ]
    assert ahead(found, "a", ("b", "c"), 1) == [0.5, -1.0]
    table = means("k", found, ("a",), (1, 5))
    assert table.header == ["k", "1", "5"]
    assert table.rows == [["a", 3.0, 6.0]]

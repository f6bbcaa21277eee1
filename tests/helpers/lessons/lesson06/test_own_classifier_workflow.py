"""The whole way, on 2 classes of 10 pictures: from a folder to a model in a file."""

import pytest
import torch
from support.picture_folders import CLASSES, STAND_IN, fill

from helpers.analysis.mistakes import confusion, in_words, worst_mistakes
from helpers.checkpoints.export import export, reload
from helpers.data.images.folder import counts, read_own
from helpers.data.images.splits import stratified
from helpers.lessons.lesson06.own_classifier import fine_tuned, frozen, probabilities
from helpers.plots.mistakes import confusion_map, mistake_grid
from helpers.training.fit import accuracy, predict

SIDE = 32


@pytest.mark.parametrize("each", [2, 10])
def test_the_five_steps_hold_together(tmp_path, each):
    root = fill(tmp_path / "mine", each)
    for file in root.rglob("*.*"):  # as a Mac names what it takes of its screen
        file.rename(file.with_name(f"Screenshot at 3.40.10\u202fPM {file.name}"))
    (root / CLASSES[0] / "notes.txt").write_text("no picture", encoding="utf-8")

    own = read_own(root, SIDE)  # 1: look at the data
    assert [row[1] for row in counts(own).rows] == [each, each]
    ids = stratified(own.pictures.labels, 0.3, 0, own.same)  # 2: split
    assert not torch.isin(*(own.same[part] for part in ids)).any()
    train, test = (own.pictures.subset(index) for index in ids)

    first, _ = frozen(STAND_IN, train, 100, seed=0)  # 3: a backbone, and a head
    model, _ = fine_tuned(first, STAND_IN, train, 20, seed=0)

    chances, K = probabilities(model, test.images), len(CLASSES)  # 4: what is wrong
    counted = confusion(test.labels, chances.argmax(1), K)
    assert counted.diag().sum() == round(accuracy(model, test) * len(test))
    files = [own.files[i] for i in ids[1]]
    wrong = worst_mistakes(chances, test.labels, CLASSES, files)
    assert len(wrong) == len(test) - counted.diag().sum()
    assert in_words(wrong, len(wrong), len(test)).isprintable()
    assert len(mistake_grid(test.images, wrong).axes) >= 1
    assert len(confusion_map(counted, CLASSES).axes) == 2

    path = export(model, CLASSES, SIDE, tmp_path / "mine.pt2")  # 5: hand it on
    again = reload(path)
    logits = again.logits(test.images)
    assert torch.equal(logits.argmax(1), predict(model, test.images).argmax(1))
    torch.testing.assert_close(logits, predict(model, test.images))
    for i, file in enumerate(files):
        answer, each_chance = again.predict(root / file)
        assert answer == CLASSES[chances[i].argmax()]
        assert each_chance[answer] == pytest.approx(chances[i].max().item(), abs=1e-4)

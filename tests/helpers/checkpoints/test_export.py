"""One file: the same answers when it is read back, and nothing of anybody's lost."""

import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image
from support.picture_folders import CLASSES, STAND_IN, striped

from helpers.checkpoints.backbones import with_head
from helpers.checkpoints.export import ABOUT, contents, export, reload
from helpers.core.errors import UserError
from helpers.core.files import ROOT
from helpers.training.fit import predict

SIDE = 32


def drawn_model():
    """Return a model, in training mode, whose head is drawn at random."""
    torch.manual_seed(0)
    model = with_head(STAND_IN, 2)
    torch.nn.init.normal_(model.head.weight)
    return model.train()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return export(drawn_model(), CLASSES, SIDE, tmp_path_factory.mktemp("m") / "m.pt2")


@pytest.mark.parametrize("n", [1, 2, 7, 101])
def test_what_is_read_back_gives_identical_answers(file, n):
    images = torch.randint(0, 256, (n, 3, SIDE, SIDE)) / 255
    again, expected = reload(file), predict(drawn_model(), images)
    assert torch.equal(again.logits(images).argmax(1), expected.argmax(1))
    torch.testing.assert_close(again.logits(images), expected, rtol=1e-5, atol=1e-6)
    assert (again.classes, again.side) == (CLASSES, SIDE)


def test_exporting_leaves_the_model_as_it_was(tmp_path):
    model = drawn_model()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    export(model, CLASSES, SIDE, tmp_path / "m.pt2")
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert all(layer.training for layer in model.modules())


@pytest.mark.parametrize("grey", [True, False])
def test_a_new_picture_gets_a_class_and_a_probability_for_each(file, tmp_path, grey):
    picture = striped(True, (50, 41), grey, np.random.default_rng(9))
    picture.save(tmp_path / "new.png")
    answer, chances = reload(file).predict(tmp_path / "new.png")
    assert answer == next(iter(chances)) and set(chances) == set(CLASSES)
    assert list(chances.values()) == sorted(chances.values(), reverse=True)
    assert sum(chances.values()) == pytest.approx(1)
    assert reload(file).predict(str(tmp_path / "new.png")) == (answer, chances)


@pytest.mark.parametrize("size", [(50, 41), (20, 90), (SIDE, SIDE)])
def test_pytorch_and_pillow_alone_ask_it_by_the_lines_that_it_holds(
    file, tmp_path, size
):
    striped(True, size, False, np.random.default_rng(9)).save(tmp_path / "new.png")
    extra = {ABOUT: ""}
    torch.export.load(file, extra_files=extra)
    lines = json.loads(extra[ABOUT])["how"]
    lines = lines.replace("FILE", str(file)).replace(
        "PICTURE", str(tmp_path / "new.png")
    )
    program = f"{lines}\nimport sys\nprint(json.dumps([chances, list(sys.modules)]))"
    clean = [sys.executable, "-I", "-c", program]  # without the course's folder
    run = subprocess.run(
        clean, capture_output=True, text=True, encoding="utf-8", cwd=tmp_path
    )
    assert run.returncode == 0, run.stderr
    chances, modules = json.loads(run.stdout)
    assert "PIL.Image" in modules and not any(m.startswith("helpers") for m in modules)
    assert chances == pytest.approx(
        reload(file).predict(tmp_path / "new.png")[1], abs=1e-3
    )


def test_a_picture_that_is_none_is_one_sentence(file, tmp_path):
    with pytest.raises(UserError, match="There is no picture at"):
        reload(file).predict(tmp_path / "absent.png")
    (tmp_path / "text.png").write_text("no picture", encoding="utf-8")
    with pytest.raises(UserError, match="cannot be read as a picture"):
        reload(file).predict(tmp_path / "text.png")


def test_a_file_that_is_there_is_never_overwritten(tmp_path, capsys):
    (tmp_path / "m.pt2").write_text("mine", encoding="utf-8")
    (tmp_path / "m-2.pt2").write_text("mine too", encoding="utf-8")
    path = export(drawn_model(), CLASSES, SIDE, tmp_path / "m.pt2")
    assert path == tmp_path / "m-3.pt2" and path.is_file()
    assert (tmp_path / "m.pt2").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "m-2.pt2").read_text(encoding="utf-8") == "mine too"
    said = capsys.readouterr().out
    assert said == "m.pt2 is there already; written to m-3.pt2 instead.\n"


def test_half_a_file_is_not_left_behind(tmp_path, monkeypatch):
    def full(path, content):
        path.open("wb").close()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(UserError, match=r"\(No space left on device\).* has room"):
        export(drawn_model(), CLASSES, SIDE, tmp_path / "m.pt2")
    assert list(tmp_path.iterdir()) == []


def test_the_file_names_no_folder_of_this_machine(file):
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            for place in (ROOT, sys.prefix, file.parent):
                assert str(place).encode() not in content, name


def test_a_folder_that_is_absent_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match=r"cannot be written .* folder that is there"):
        export(drawn_model(), CLASSES, SIDE, tmp_path / "absent" / "m.pt2")


def test_the_table_counts_all_of_the_file(file):
    rows = {row[0]: row[1:] for row in contents(file).rows}
    tensors = drawn_model().state_dict()
    assert rows["weights and buffers"][0] == len(tensors)
    assert rows["weights and buffers"][1] * 1000 == sum(
        t.numel() * t.element_size() for t in tensors.values()
    )
    assert rows["classes, picture size, how to ask (JSON)"][0] == 1
    with zipfile.ZipFile(file) as archive:
        assert sum(row[0] for row in rows.values()) == len(archive.namelist())


def test_only_a_model_of_this_lesson_is_read(file, tmp_path):
    for name, content in (("text.pt2", b"no archive"), ("empty.pt2", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match="cannot be read as a model"):
            reload(tmp_path / name)
    with pytest.raises(UserError, match="cannot be read as a model"):
        reload(tmp_path / "absent.pt2")
    with zipfile.ZipFile(tmp_path / "other.pt2", "w") as archive:
        archive.writestr("archive/readme", "a zip of something else")
    with pytest.raises(UserError, match="no model of this lesson's"):
        reload(tmp_path / "other.pt2")


def altered(file, path, part, change):
    """Write a copy of an archive with one part changed."""
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name.endswith(part) else content)
    return path


def test_pickled_code_is_refused_before_it_runs(file, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    def pickled(_):
        packed = io.BytesIO()
        torch.save((Trap(),), packed)
        return packed.getvalue()

    def marked(content):
        return content.replace(b'"use_pickle": false', b'"use_pickle": true', 1)

    changes = {"sample_inputs/model.pt": pickled, "weights_config.json": marked}
    for number, (part, change) in enumerate(changes.items()):
        path = altered(file, tmp_path / f"{number}.pt2", part, change)
        with pytest.raises(UserError, match="nothing was loaded"):
            reload(path)
    assert not (tmp_path / "sprung").exists()
    same = altered(file, tmp_path / "same.pt2", ABOUT, lambda content: content)
    assert reload(same).classes == CLASSES


def test_a_large_picture_is_answered_like_any(file, tmp_path):
    Image.new("L", (900, 400), 120).save(tmp_path / "large.jpg")
    assert reload(file).predict(tmp_path / "large.jpg")[0] in CLASSES


def test_a_file_in_the_readers_home_is_found(file, monkeypatch):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(file.parent))
    assert reload(f"~/{file.name}").classes == CLASSES
    assert contents(f"~/{file.name}").rows == contents(file).rows

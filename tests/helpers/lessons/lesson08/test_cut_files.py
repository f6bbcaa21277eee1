"""Only a ValueError of one line counts as a refusal."""

from helpers.lessons.lesson08.cut_files import refused


def test_each_cut_is_tried_and_refusals_are_counted(tmp_path):
    path, lengths = tmp_path / "file", []
    path.write_bytes(bytes(1000))

    def read(file):
        lengths.append(len(file.read()))
        if lengths[-1] % 2:
            raise ValueError("one line")
        if lengths[-1] % 4:
            raise ValueError("two\nlines")

    count = refused(read, path, 500, range(40))
    assert count == sum(length % 2 for length in lengths) and 0 < count < 40
    assert len(lengths) == 40 and len(set(lengths)) > 30
    assert max(lengths) < 436
    again = lengths.copy()
    lengths.clear()
    refused(read, path, 500, range(40))
    assert lengths == again

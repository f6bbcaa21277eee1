"""What statements do with a page's names is read from their source."""

import pytest

from tools.classroom.dataflow import Flow, Unreadable, flow_of, statements_of


def flow(source):
    """Return what a source does."""
    return flow_of(statements_of(source))


def test_a_function_reads_later_and_its_own_names_are_not_the_pages():
    found = flow("def f(a, b=start):\n    c = a + scale\n    return c, net(b)")
    assert found.now == {"start"}
    assert found.later == {"scale", "net"}
    assert found.binds == found.defines == found.surely == {"f"}


def test_a_class_reads_now_and_its_methods_later():
    found = flow("class A(Base):\n    n = top\n\n    def f(self):\n        return g(n)")
    assert found.now == {"Base", "top"}
    assert found.later == {"g", "n"}
    assert found.binds == {"A"}


def test_what_is_added_to_is_read():
    assert flow("a += 1").now == {"a"}
    assert flow("def f():\n    a = 0\n    a += 1").now == set()


def test_a_comprehension_reads_now():
    found = flow("[f(x) for x in rows]\nlambda y: y + z")
    assert {"f", "rows"} <= found.now
    assert found.later == {"z"}


@pytest.mark.parametrize(
    ("source", "binds", "surely"),
    [
        ("a, (b, *c) = 1, (2, 3)", "abc", "abc"),
        ("import a.x, b.x as c\nfrom d import e", "ace", "ace"),
        ("if (a := 1):\n    b = 2", "ab", ""),
        ("for a in range(3):\n    b = a", "ab", ""),
        ("with f() as a:\n    pass", "a", ""),
        ("a: int = 1", "a", ""),
        ("del a", "a", ""),
        ("def f():\n    global a\n    a = 1", "af", "f"),
    ],
)
def test_what_is_bound_and_whether_surely(source, binds, surely):
    found = flow(source)
    assert found.binds == set(binds)
    assert found.surely == set(surely)


@pytest.mark.parametrize(
    ("source", "sets", "passes"),
    [
        ("a.x = 1", "a", ""),
        ("a[0].x[1] = 1", "a", ""),
        ("a.x += 1", "a", ""),
        ("del a[0]", "a", ""),
        ("a(b)", "", "ab"),
        ("a.set_mode(1)", "a", ""),
        ("a.fit(b, c=d[0])", "", "abd"),
        ("a(b)(c)", "", "abc"),
        ("a.f().g()", "", "a"),
        ("def f():\n    setattr(a, 'x', b)", "ab", "ab"),
        ("def f(b):\n    a.append(b)", "", "a"),
    ],
)
def test_what_may_be_changed(source, sets, passes):
    found = flow(source)
    assert found.sets == set(sets)
    assert found.passes - {"setattr"} == set(passes)


@pytest.mark.parametrize(
    ("source", "group"),
    [("a = b[0]", "ab"), ("for a in b:\n    pass", "ab"), ("f(a, b)", "abf")],
)
def test_names_that_may_share_a_thing(source, group):
    assert set(group) in flow(source).meetings


@pytest.mark.parametrize(
    ("source", "defines"),
    [
        ("import a", "a"),
        ("a = 3", "a"),
        ("a = b = 'x', -2", "ab"),
        ("a = re.compile('x')", "a"),
        ("a = []", ""),
        ("a = f()", ""),
        ("a[0] = 3", ""),
        ("a.x = 3", ""),
    ],
)
def test_what_no_call_can_change_is_a_definition(source, defines):
    assert flow(source).defines == set(defines)


@pytest.mark.parametrize(
    "source",
    [
        "%timeit f()",
        "!ls",
        "%%time\ndef f(:",
        "from a import *",
        "import __main__",
        "from __main__ import a",
        "globals()['a'] = 1",
        "exec('a = 1')",
        "get_ipython().run_line_magic('load', 'a')",
        "print(vars())",
    ],
)
def test_what_could_do_anything_is_said_to(source):
    with pytest.raises(Unreadable):
        flow(source)


@pytest.mark.parametrize("source", ["def f(:", "f(1", "%timeit f()\nprint 1", "\0"])
def test_what_ipython_cannot_read_does_nothing(source):
    assert flow(source) == Flow()


def test_what_only_looks_like_that_is_read():
    flow("model.eval()\nvars(model)\ndir(model)")

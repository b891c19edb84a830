"""Whatever is handed in: the run goes on, it does not pass, and no file is touched."""

import json
import os
import socket
import threading

import pytest
from grading import walls, workplace
from grading.plain import Unreadable, from_plain
from grading.walls import WAYS
from walled import RIGHT, files_of, hostile, result
from walled import workplace as new_workplace


@pytest.fixture(scope="module")
def place():
    with new_workplace() as made:
        yield made


@pytest.fixture(params=WAYS)
def one_wall(place, request):
    """Each way to hide files has to be enough by itself."""
    held, why = walls.what_holds(place.root, (request.param,))
    if not held:
        pytest.skip(f"no {request.param} here: {why}")
    before, place.ways = place.ways, (request.param,)
    yield place
    place.ways = before


def test_a_right_answer_passes_behind_each_wall(one_wall):
    found = result(one_wall, RIGHT)
    assert found.mark == 1 and found.words == "ok"


# What takes all there is --------------------------------------------------------------

GREEDY = {
    "a loop": "while True:\n    pass",
    "a loop that catches all": (
        "while True:\n    try:\n        pass\n    except BaseException:\n        pass"
    ),
    "all memory": "kept = [bytearray(2**26) for _ in range(1000)]",
    "a huge tensor": "import torch\ntorch.zeros(10**10)",
    "a gigabyte of answers": "import os\nwhile True:\n    os.write(3, b'y' * 10**6)",
    "forks": "import os\nwhile True:\n    os.fork()",
    "threads": "import threading\nwhile True:\n    threading.Thread(target=id).start()",
    "another program": "import subprocess\nsubprocess.run(['true'])",
    "the end of Python": "import os\nos._exit(0)",
    "a crash": "import ctypes\nctypes.string_at(0)",
    "deep recursion": "def f(): return f()\nf()",
    "raises the limits": (
        "import resource as r\nr.setrlimit(r.RLIMIT_CPU, (100, 100))"
    ),
    "a broken __str__": (
        "class E(Exception):\n    def __str__(self): return 1 / 0\nraise E"
    ),
}


@pytest.mark.parametrize("lines", GREEDY.values(), ids=GREEDY.keys())
def test_nothing_greedy_passes_or_stops_the_run(place, lines):
    found = result(place, hostile(lines))
    assert found.mark == 0
    assert found.words.startswith("not yet right") or found.words.startswith(
        "the check"
    )
    assert result(place, RIGHT).mark == 1


def test_a_gigabyte_of_prints_goes_nowhere(place):
    before = files_of(place.root)
    result(place, hostile("for _ in range(100):\n    print('ok' * 5_000_000)"))
    assert files_of(place.root) == before
    assert result(place, RIGHT).mark == 1


# What touches files -------------------------------------------------------------------

HARM = """
import os, shutil, pathlib
folder = pathlib.Path({folder!r})
for what in (
    lambda: (folder / 'grades.csv').write_text('100%'),
    lambda: (folder / 'new').write_text('x' * 10**6),
    lambda: (folder / 'grades.csv').unlink(),
    lambda: os.chmod(folder / 'grades.csv', 0),
    lambda: os.rename(folder / 'grades.csv', folder / 'gone'),
    lambda: os.truncate(folder / 'grades.csv', 0),
    lambda: os.utime(folder / 'grades.csv', (0, 0)),
    lambda: shutil.rmtree(folder),
    lambda: os.link(folder / 'grades.csv', '/tmp/link'),
    lambda: os.kill({process}, 9),
    lambda: os.setuid(0),
    lambda: os.mkdir('/tmp/mine'),
):
    try:
        what()
    except OSError:
        continue
    done.append(1)
"""


def test_files_and_processes_of_the_teacher_are_out_of_reach(one_wall, tmp_path):
    (tmp_path / "grades.csv").write_text("Ada,50%\n")
    before = files_of(tmp_path), os.stat(tmp_path / "grades.csv")
    harm = "done = []\n" + HARM.format(folder=str(tmp_path), process=os.getpid())
    # Nothing is even done that it could be told of; shutil.rmtree is silent there.
    found = result(one_wall, hostile(f"{harm}\nassert not done, done"))
    after = os.stat(tmp_path / "grades.csv")
    assert files_of(tmp_path) == before[0]
    assert after[:9] == before[1][:9]
    assert found.mark == 1, found.groups


READS = {
    "the solutions": "open({root!r} + '/notebooks/src/00_start.py').read()",
    "the checks": "open({root!r} + '/course_lib/checks/nb00_start.py').read()",
    "the library": "open({root!r} + '/course_lib/pixels.py').read()",
    "another hand-in": "open({other!r}).read()",
    "other processes": "open('/proc/self/environ').read()",
    "the password file": "open('/etc/passwd').read()",
}


@pytest.mark.parametrize("what", READS.values(), ids=READS.keys())
def test_what_is_not_given_cannot_be_read(one_wall, tmp_path, what):
    other = tmp_path / "other.ipynb"
    other.write_text("{}")
    root = str(workplace.SERVER.parents[2])
    found = result(one_wall, hostile(what.format(root=root, other=str(other))))
    assert found.mark == 0
    assert all("Error" in wrong for wrong in found.groups.values())


def test_the_teachers_environment_does_not_go_along(place, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_TEACHER", "42")
    place.start()
    lines = "import os\nassert 'SECRET_OF_THE_TEACHER' not in os.environ"
    assert result(place, hostile(lines)).mark == 1


def test_there_is_no_network(one_wall):
    """Not even to this machine itself."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        calls = []
        server.settimeout(30)

        def wait():
            try:
                calls.append(server.accept())
            except OSError:
                return

        thread = threading.Thread(target=wait)
        thread.start()
        port = server.getsockname()[1]
        call = f"import socket\nsocket.create_connection(('127.0.0.1', {port}))"
        found = result(one_wall, hostile(call))
        server.close()
        if not calls:  # closing does not wake who waits
            thread.join(timeout=0)
    assert found.mark == 0 and not calls


# What only looks right ----------------------------------------------------------------

EQUAL = """
import torch
class Same(torch.Tensor):
    def __eq__(self, other): return True
    def __getattribute__(self, name): return lambda *given, **named: True
def everything():
    class Any:
        def __eq__(self, other): return True
        def __getattr__(self, name): return self
        def __call__(self, *given, **named): return self
        def __bool__(self): return True
    return Any()
"""
PATCHED = """
import torch
def patched(f):
    import course_lib.checks.difference as d, course_lib.checks.slope as s
    import grading.plain as plain, grading.work as work
    d.difference = lambda *given, **named: None
    plain.to_plain = work.to_plain = lambda *given: {"ok": True, "mark": 1}
    torch.isclose = torch.allclose = lambda *given, **named: torch.tensor(True)
    torch.Tensor.flip = lambda picture, axis: picture
    try:
        import course_lib.checks.report as report
        report._what_is_wrong = lambda *given: None
        report.compare = lambda *given, **named: None
    except ImportError:
        pass
    return f
@patched
"""
FAKE = """
import os
for number in range(64):
    for line in LINES:
        try:
            os.write(number, line)
        except OSError:
            pass
os._exit(0)
"""
LINES = [
    b'{"number": 0, "answer": {"ok": true}, "mark": 1}\n',
    b'{"number": 1, "answer": {"tensor": [1e999], "shape": [-1], "dtype": "int8"}}\n',
    b'{"number": 2, "answer": {"tensor": "x", "shape": [1], "dtype": "__all__"}}\n',
    b'{"words": "ok", "state": "passed", "code": 7, "crash": [1]}\n',
    b"[" * 100_000 + b"\n",
    b'{"number": 3, "answer": ' + b"9" * 10_000 + b"}\n",
    b"\xff\xfe\n{}\nnull\n",
]
LOOKS = {
    "equals everything": (EQUAL, "return everything()"),
    "a tensor that equals everything": (EQUAL, "return picture.as_subclass(Same)"),
    "patches torch, the library and the checks": (PATCHED, "return picture"),
    "prints ok": ("", "print('mirror: ok')\nraise SystemExit(0)"),
    "writes JSON into every file": (f"LINES = {LINES!r}", FAKE),
    "the library's own function": (
        "from course_lib.pixels import mirror",
        "return mirror(picture)",
    ),
    "the check's own reference": (
        "",
        "from course_lib.checks.nb00_start import mirror\nreturn mirror(picture)",
    ),
    "the input itself": ("", "return picture"),
    "a function": ("", "return my_mirror"),
}


@pytest.mark.parametrize("before, lines", LOOKS.values(), ids=LOOKS.keys())
def test_what_only_looks_right_does_not_pass(place, before, lines):
    found = result(place, hostile(lines, before))
    assert found.mark == 0
    assert result(place, RIGHT).mark == 1


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_lies_are_read_as_answers_or_not_at_all(line):
    for said in workplace.read_lines(line):
        try:
            from_plain(said.get("answer"))
        except Unreadable:
            continue


def test_nothing_is_made_of_an_answer_but_numbers_and_texts():
    for plain in ({"network": "Bent"}, {"generator": [1]}, {"raw": "", "shape": [0]}):
        with pytest.raises(Unreadable):
            from_plain(plain)
    many = {"tensor": [1.0], "shape": [10**9, 10**9], "dtype": "float32"}
    with pytest.raises(Unreadable):
        from_plain(many)
    assert from_plain(json.loads('{"tuple": [1, {"list": []}]}')) == (1, [])


# Where there are no walls -------------------------------------------------------------


def test_without_walls_nothing_is_run(monkeypatch):
    monkeypatch.setattr(walls.sys, "platform", "win32")
    with pytest.raises(workplace.NoWalls, match="Grade on Linux"):
        workplace.Workplace()


def test_nothing_is_run_where_the_solutions_would_be_seen(monkeypatch):
    monkeypatch.setattr(workplace, "what_holds", lambda root, ways: (["a wall"], ""))
    monkeypatch.setattr(workplace, "python_needs", lambda: [workplace.ROOT.parent])
    with pytest.raises(workplace.NoWalls, match="move it elsewhere"):
        workplace.Workplace()


def test_hidden_files_without_refused_calls_are_not_enough(monkeypatch, tmp_path):
    def refuse():
        raise OSError("no seccomp here")

    monkeypatch.setattr(walls, "allow_only_these", refuse)
    assert walls.what_holds(tmp_path)[0] == []
    assert walls.what_holds(tmp_path, ())[0] == []

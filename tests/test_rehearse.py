"""The evening before: what a teacher is told, and that the network is really cut."""

import socket
import subprocess
import sys

import pytest
import rehearse
from rehearsal_page import page
from rehearse import Finding
from run import WITHOUT_NETWORK, Outcome

WELL = Outcome("course", "02_noise", True, 12.3, [])
CHANGED = Outcome(
    "course",
    "02_noise",
    False,
    12.3,
    ['02_noise, In [8]: stored "add_noise: ok", now "not yet right"'],
)
FOUND = {
    "machine": {
        "system": "Linux",
        "python": "3.11",
        "device": "cpu",
        "cores": 2,
        "memory_gib": 8.0,
        "free_disk_gib": 9.0,
        "load": 0.4,
    },
    "weights": {"latent": "intact"},
    "data": {"critters train": "intact", "mirror": None},
    "takes_seconds": {
        "notebook 02": 14.0,
        "notebook 05, training for 20 iterations": 80.0,
        "training the painter again": 900.0,
    },
}


@pytest.fixture
def stage(monkeypatch, tmp_path):
    """A rehearsal without its hour: one notebook, whose run ends as we say."""
    monkeypatch.setattr(rehearse, "examine", lambda: FOUND)
    monkeypatch.setattr(rehearse, "stale", lambda name: [])
    monkeypatch.setattr(rehearse, "orphans", lambda: [])

    def ending(one, *arguments):
        monkeypatch.setattr(rehearse, "outcome", lambda kind, name: one)
        file = tmp_path / "page.html"
        monkeypatch.setattr(sys, "argv", ["rehearse", *arguments, "--page", str(file)])
        with pytest.raises(SystemExit) as end:
            rehearse.main()
        return end.value.code, file.read_text(encoding="utf-8")

    return ending


def test_when_all_is_well_it_says_so_and_ends_with_0(stage, capsys):
    status, told = stage(WELL, "02_noise")
    assert status == 0 and "All is well" in told
    assert "WRONG" not in capsys.readouterr().out


def test_a_cell_that_says_something_else_is_a_line_with_what_to_do(stage, capsys):
    status, told = stage(CHANGED, "02_noise")
    printed = capsys.readouterr().out
    assert status == 1 and CHANGED.said[0] in printed
    assert told.index("What to do: Open notebooks/02_noise") < told.index("ok: This")
    assert "stored &quot;add_noise: ok&quot;" in told


def test_damaged_weights_and_a_small_disk_are_told(stage, monkeypatch, capsys):
    here = FOUND["machine"] | {"free_disk_gib": 0.3}
    hurt = FOUND | {"machine": here, "weights": {"latent": "damaged"}}
    monkeypatch.setattr(rehearse, "examine", lambda: hurt)
    monkeypatch.setattr(rehearse, "outcome", lambda kind, name: WELL)
    assert stage(WELL, "02_noise")[0] == 1
    printed = capsys.readouterr().out
    assert "git checkout -- data/weights" in printed and "2 GiB of free disk" in printed


def test_the_room_takes_two_notebooks_and_all_is_all(stage, capsys):
    stage(WELL, "--room")
    times = rehearse.in_class(FOUND, list(rehearse.ROOM)).said
    assert len(times) == 2 and "notebook 05" in times[0]
    with pytest.raises(SystemExit, match="No notebook is called"):
        sys.argv[1:] = ["99_nothing"]
        rehearse.main()


def test_what_was_said_is_no_html():
    told = page("1 of 1", [Finding("<b>", False, ["<script>"], "a & b")])
    assert "<script>" not in told and "<b>" not in told and "a &amp; b" in told


@pytest.mark.parametrize("host", ["example.org", "10.1.2.3", "2001:db8::1"])
def test_while_notebooks_run_the_network_is_cut(host):
    code = f"import socket; socket.create_connection(({host!r}, 80), timeout=1)"
    done = without_network(code)
    assert f"The network is cut for this run, and {host} was asked for" in done.stderr


def test_this_machine_itself_stays_within_reach():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            code = f"import socket; socket.create_connection(({host!r}, {port}))"
            assert without_network(code).returncode == 0


def without_network(code: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(WITHOUT_NETWORK)},
        capture_output=True,
        text=True,
    )

"""Where strangers' code is run: a server of our own (server.py), and what it brings.

    with Workplace() as place:
        done = place.run(job)
        done.end, done.lines

A line is a dict that the job's process wrote. All of it may be lies.
"""

import json
import select
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from grading.walls import WAYS, Limits, python_needs, what_holds

SERVER = Path(__file__).with_name("server.py")
ROOT = SERVER.parents[2]
PATIENCE = 300  # seconds until a server counts as dead: its imports may take long
ONE_THREAD = ("OMP", "OPENBLAS", "MKL", "NUMEXPR")


class NoWalls(RuntimeError):
    """This machine cannot hold a stranger's code; says why and what to do."""


class Done(NamedTuple):
    """What came of one job."""

    end: str  # "done", or why it ended: "time", "output", "exit", "signal 11"
    lines: list[dict]


class Workplace:
    """A server with everything imported, for as many jobs as one likes.

    Args:
        ways: how files are hidden; all that there is
        limits: how much one job may take
    """

    def __init__(self, ways: tuple[str, ...] = WAYS, limits: Limits | None = None):
        self.ways, self.limits = ways, limits or Limits()
        self.folder = tempfile.TemporaryDirectory(prefix="grade-")
        self.root = Path(self.folder.name)
        self.walls, why = what_holds(self.root, ways)
        for seen in python_needs():
            # The solutions would be read with it.
            if ROOT.is_relative_to(seen):
                self.walls, why = [], f"the course lies in {seen}: move it elsewhere"
        if not self.walls:
            raise NoWalls(
                f"This machine has no walls to hold handed-in code ({why}), so none is "
                "run. Grade on Linux, with user namespaces or Landlock: in a virtual "
                "machine, for example."
            )
        self.server: subprocess.Popen | None = None
        self.start()

    def start(self) -> None:
        """A fresh server."""
        self.stop()
        self.is_ready = False
        # Nothing of the teacher's environment goes along.
        environment = {f"{name}_NUM_THREADS": "1" for name in ONE_THREAD}
        environment |= {"HOME": "/", "LANG": "C.UTF-8", "HF_HUB_OFFLINE": "1"}
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        self.server = subprocess.Popen(
            [sys.executable, "-I", SERVER, self.root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=self.root,
        )

    def __enter__(self) -> "Workplace":
        return self

    def __exit__(self, *error) -> None:
        self.stop()
        self.folder.cleanup()

    def stop(self) -> None:
        if self.server:
            self.server.kill()
            self.server.wait()
            self.server.stdin.close()
            self.server.stdout.close()
            self.server = None

    def ready(self) -> None:
        """Wait until the server has imported all.

        Raises NoWalls if it does not start.
        """
        if not self.is_ready:
            try:
                self._line()
            except EOFError:
                said = f"{sys.executable} -I {SERVER} {self.root}"
                raise NoWalls(f"What grades does not start; see why: {said}") from None
            self.is_ready = True

    def run(self, job: dict, limits: Limits | None = None) -> Done:
        """Have one job done; whatever it does, this returns."""
        limits = limits or self.limits
        told = {"ways": self.ways, "limits": limits._asdict(), "visible": []}
        told |= job
        try:
            self.ready()
            self.server.stdin.write(json.dumps(told).encode() + b"\n")
            self.server.stdin.flush()
            head = self._line()
            written = self.server.stdout.read(head["bytes"])
        except (OSError, ValueError, EOFError):
            self.start()  # it died, with this job: the next one gets another
            self.ready()
            return Done("server", [])
        return Done(head["end"], list(read_lines(written)))

    def _line(self) -> dict:
        ready, _, _ = select.select([self.server.stdout], [], [], PATIENCE)
        line = self.server.stdout.readline() if ready else b""
        if not line:
            raise EOFError("the server is silent")
        return json.loads(line)


def read_lines(written: bytes) -> list[dict]:
    """Every line that is a JSON object; what else stands there is left out."""
    found = []
    for line in written.split(b"\n"):
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(said, dict):
            found.append(said)
    return found

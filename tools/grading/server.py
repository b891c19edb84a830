"""A process that has torch and the library ready, and forks for each job.

Importing torch takes seconds, and a class hands in hundreds of functions. So one clean
process imports all once and runs nothing of anybody's; for each job it forks, and the
fork goes behind the walls (walls.py) before it looks at what was handed in.

    the teacher's process  --job-->  this one  --fork-->  one job, walled in
                           <-bytes-           <-bytes-

Started by workplace.py, with an empty environment. Spoken on stdin and stdout: a line
of JSON each way, and the bytes that the job has written, which nobody reads here.
"""

import json
import os
import select
import signal
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from grading import work  # noqa: E402
from grading.walls import Limits, close_in, python_needs  # noqa: E402


def run(job: dict, root: Path) -> tuple[str, bytes]:
    """How one job ended ("done" or a word for why not), and what it has written."""
    limits = Limits(**job["limits"])
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        behind_the_walls(job, root, limits, theirs)
    os.close(theirs)
    try:
        return read_all(child, ours, limits)
    finally:
        os.close(ours)


def behind_the_walls(job: dict, root: Path, limits: Limits, pipe: int) -> None:
    """In the fork: do the job and end."""
    status = 1
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        os.dup2(pipe, 3)
        os.closerange(4, 4096)
        visible = [*python_needs(), ROOT / "data"]
        visible += [ROOT / path for path in job["visible"]]
        close_in(visible, root, limits, job["ways"])
        work.work(job, write_all)
        status = 0
    except BaseException:
        pass
    finally:
        os._exit(status)


def write_all(line: bytes) -> None:
    """Into the pipe, however full it is."""
    while line:
        line = line[os.write(3, line) :]


def read_all(child: int, pipe: int, limits: Limits) -> tuple[str, bytes]:
    """All that a child writes, as long as it is not too much and not too late."""
    written, end = bytearray(), time.monotonic() + limits.patience
    why = ""
    while not why:
        ready, _, _ = select.select([pipe], [], [], max(0, end - time.monotonic()))
        if not ready:
            why = "time"
        elif not (piece := os.read(pipe, 2**16)):
            break
        else:
            written += piece
            if len(written) > limits.output:
                why = "output"
    # It may have closed the pipe and gone on.
    while not why:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return how(status), bytes(written)
        time.sleep(0.002)
        if time.monotonic() > end:
            why = "time"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return why, bytes(written)


def how(status: int) -> str:
    """Why a child ended, in a word."""
    if os.WIFSIGNALED(status):
        by = os.WTERMSIG(status)
        return "time" if by in (signal.SIGXCPU, signal.SIGKILL) else f"signal {by}"
    return "done" if os.WEXITSTATUS(status) == 0 else "exit"


def main() -> None:
    root = Path(sys.argv[1])
    work.preload()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin.buffer:
        end, written = run(json.loads(line), root)
        head = json.dumps({"end": end, "bytes": len(written)}).encode()
        sys.stdout.buffer.write(head + b"\n" + written)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

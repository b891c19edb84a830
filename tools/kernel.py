"""Run a notebook's cells without missing its kernel's answers.

While nbclient waits for the answer to a cell, an Output widget may send on the same
socket. zmq announces an answer only once, by waking the waiting side, and
`Session.send` consumes that event: it sends past asyncio, which goes on waiting for an
answer that is already there, until the cell times out. So after each send the channel
looks again.
"""

from pathlib import Path

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets import Type

# Seconds. No cell takes more than 60 on the machines that the course is measured on;
# one with a fifth of their speed, and other work, was met as well.
CELL_TIMEOUT = 300


class WakefulChannel(AsyncZMQSocketChannel):
    """A channel that can send while something waits for its next message."""

    def send(self, msg: dict) -> None:
        """Send, and wake the waiting side if its message has come meanwhile."""
        super().send(msg)
        # zmq.asyncio guarantees that reading EVENTS schedules whatever is due.
        self.socket.get(zmq.EVENTS)


class WakefulClient(AsyncKernelClient):
    shell_channel_class = Type(WakefulChannel)
    control_channel_class = Type(WakefulChannel)


class WakefulManager(AsyncKernelManager):
    client_factory = Type(WakefulClient)


def client_for(notebook: NotebookNode, folder: Path) -> NotebookClient:
    """A client whose `execute()` runs every cell, in a kernel started in `folder`."""
    return NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        # The Python that runs this, not the one that a notebook names.
        kernel_name="python3",
        kernel_manager_class=WakefulManager,
        resources={"metadata": {"path": str(folder)}},
        # A print arrives in a random number of pieces; joined, it is the same each
        # time.
        coalesce_streams=True,
        # Times would make a difference in git at every build.
        record_timing=False,
        store_widget_state=True,  # without it, an unstored Output widget ends the run
        extra_arguments=["--log-level=ERROR"],  # no remarks about its sockets
    )

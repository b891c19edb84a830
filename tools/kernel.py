"""What runs a notebook's cells, and does not oversleep its kernel's answers.

While nbclient waits for the answer to a cell, an Output widget may send on the same
socket. zmq tells of an answer once, by waking whoever waits, and `Session.send` takes
that call for itself: it sends past asyncio, which goes on waiting for an answer that
lies there, until the cell's time is over. So whoever has sent looks again.
"""

from pathlib import Path

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets import Type

CELL_TIMEOUT = 120  # seconds


class WakefulChannel(AsyncZMQSocketChannel):
    """A channel that may be sent on while somebody waits for its next message."""

    def send(self, msg: dict) -> None:
        """Send, and wake who waits, if his message came meanwhile."""
        super().send(msg)
        # zmq.asyncio promises this: reading EVENTS schedules whatever they say is due.
        self.socket.get(zmq.EVENTS)


class WakefulClient(AsyncKernelClient):
    shell_channel_class = Type(WakefulChannel)
    control_channel_class = Type(WakefulChannel)


class WakefulManager(AsyncKernelManager):
    client_factory = Type(WakefulClient)


def client_for(notebook: NotebookNode, folder: Path) -> NotebookClient:
    """Whose `execute()` runs every cell in order, in a kernel that starts there."""
    return NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        # The Python that runs this, and not the one that a notebook remembers.
        kernel_name="python3",
        kernel_manager_class=WakefulManager,
        resources={"metadata": {"path": str(folder)}},
        # How many pieces a print arrives in is chance; joined, it is the same each
        # time.
        coalesce_streams=True,
        # Times would be another difference in git at every build.
        record_timing=False,
        store_widget_state=True,  # else an Output widget that is not stored ends it
        extra_arguments=["--log-level=ERROR"],  # no remarks on its own sockets
    )

"""A notebook's kernel, whose answers are not overslept.

While nbclient waits for the answer to a cell, an Output widget may send on the same
socket. pyzmq then misses the wake-up now and then: the answer lies there, and only the
end of the wait, two minutes, finds it. So the wait is cut into seconds.
"""

import time
from queue import Empty

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.manager import AsyncKernelManager
from traitlets import Type

SLICE_S = 1.0


class WakefulChannel(AsyncZMQSocketChannel):
    """A channel that looks for itself once a second."""

    async def get_msg(self, timeout: float | None = None) -> dict:
        """The next message; `timeout` in seconds, None waits for ever.

        Raises:
            Empty: none came in time
        """
        deadline = float("inf") if timeout is None else time.monotonic() + timeout
        while True:
            left = max(0.0, deadline - time.monotonic())
            try:
                return await super().get_msg(min(SLICE_S, left))
            except Empty:
                if left <= SLICE_S:
                    raise


class WakefulClient(AsyncKernelClient):
    shell_channel_class = Type(WakefulChannel)


class WakefulManager(AsyncKernelManager):
    client_factory = Type(WakefulClient)

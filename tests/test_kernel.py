"""The kernel's channel finds a message whose wake-up was missed."""

import asyncio
from queue import Empty

import kernel
import pytest
import zmq.asyncio
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.session import Session


class Sleeper:
    """A socket that is never woken: it sees at the next poll what came during one."""

    def __init__(self, comes_in: int):
        self.comes_in = comes_in

    async def poll(self, timeout_ms: int) -> int:
        self.comes_in -= 1
        await asyncio.sleep(timeout_ms / 1000 if self.comes_in >= 0 else 0)
        return int(self.comes_in < 0)


async def waited(channel_class, timeout: float) -> str:
    channel = channel_class(zmq.asyncio.Context().socket(zmq.DEALER), Session())
    channel.close()
    channel.socket = Sleeper(comes_in=1)
    channel._recv = lambda: asyncio.sleep(0, "the answer")
    return await channel.get_msg(timeout)


def test_a_missed_wake_up_costs_one_slice(monkeypatch):
    monkeypatch.setattr(kernel, "SLICE_S", 0.01)
    with pytest.raises(Empty):  # as it was: the message lay there
        asyncio.run(waited(AsyncZMQSocketChannel, 0.1))
    assert asyncio.run(waited(kernel.WakefulChannel, 0.1)) == "the answer"


def test_what_does_not_come_in_time_is_empty(monkeypatch):
    monkeypatch.setattr(kernel, "SLICE_S", 1)
    with pytest.raises(Empty):
        asyncio.run(waited(kernel.WakefulChannel, 0.01))

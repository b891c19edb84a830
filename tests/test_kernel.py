"""The kernel's channel is woken by every answer, whatever is sent meanwhile."""

import asyncio
import select
import time

import zmq.asyncio
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.session import Session
from kernel import WakefulChannel, client_for
from nbformat.v4 import new_code_cell, new_notebook


async def answered(channel_class, patience_s: float) -> bool:
    """Whether who waits is woken by an answer that came just before we sent.

    Nothing is left to chance: the loop stands still until the answer is there.
    """
    ours = zmq.asyncio.Context.instance().socket(zmq.DEALER)
    kernel = zmq.Context.instance().socket(zmq.DEALER)
    session = Session(key=b"")  # unsigned, so that one session is both ends
    channel = channel_class(ours, session)
    ours.connect(f"tcp://127.0.0.1:{kernel.bind_to_random_port('tcp://127.0.0.1')}")
    session.send(kernel, "status")
    await channel.get_msg(timeout=60)  # connected, and nothing is under way
    waits = asyncio.ensure_future(channel.get_msg(timeout=None))
    await asyncio.sleep(0)  # it begins to wait
    session.send(kernel, "execute_reply")
    assert select.select([ours.FD], [], [], 60)[0], "the answer came"
    for _ in range(3):  # an Output widget's; zmq takes the call at the second
        time.sleep(0.01)
        channel.send(session.msg("comm_msg"))
    done, _ = await asyncio.wait([waits], timeout=patience_s)
    waits.cancel()
    ours.close(linger=0)
    kernel.close(linger=0)
    return bool(done)


def test_an_answer_is_heard_though_somebody_sends():
    assert asyncio.run(answered(WakefulChannel, 60))


def test_jupyters_own_channel_oversleeps_it():
    """Where this fails one day, WakefulChannel is needed no more."""
    assert not asyncio.run(answered(AsyncZMQSocketChannel, 0.2))


def test_every_notebook_is_run_on_such_a_channel(tmp_path):
    client = client_for(new_notebook(cells=[new_code_cell("1 + 1")]), tmp_path)
    with client.setup_kernel():
        assert isinstance(client.kc.shell_channel, WakefulChannel)
        assert isinstance(client.kc.control_channel, WakefulChannel)

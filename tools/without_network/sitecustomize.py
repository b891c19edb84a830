"""Cuts the network for a Python that finds this folder on its path, kernels included.

A class may have no network, and a notebook that reaches for one would fail there first.
Jupyter talks to its kernels over this machine's own addresses, which stay open.
"""

import ipaddress
import socket

connect, connect_ex, getaddrinfo = (
    socket.socket.connect,
    socket.socket.connect_ex,
    socket.getaddrinfo,
)


def refuse(host) -> None:
    """Raise for any address but this machine's own."""
    try:
        own = host is None or ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        own = host in ("", "localhost", b"localhost")
    if not own:
        raise OSError(f"The network is cut for this run, and {host} was asked for.")


def host_of(address) -> str | None:
    return address[0] if isinstance(address, tuple) else None  # a path is local


def local_connect(self, address):
    refuse(host_of(address))
    return connect(self, address)


def local_connect_ex(self, address):
    refuse(host_of(address))
    return connect_ex(self, address)


def local_getaddrinfo(host, *rest, **more):
    refuse(host)
    return getaddrinfo(host, *rest, **more)


socket.socket.connect = local_connect
socket.socket.connect_ex = local_connect_ex
socket.getaddrinfo = local_getaddrinfo

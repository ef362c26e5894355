# Family 5: anything outside this process that listens.

# %% tcp
# tries: to reach a server on this machine
# must: be refused
# unconfined: succeeds
# layers: landlock, seccomp
import socket

attempt("connect", lambda: socket.create_connection(("127.0.0.1", TARGETS["tcp"]), 1).close())
if TARGETS["tcp6"]:
    attempt("version 6", lambda: socket.create_connection(("::1", TARGETS["tcp6"]), 1).close())

# %% tcp_without_connect
# tries: to connect by the first bytes that it sends
# must: be refused
# unconfined: succeeds
# layers: seccomp
import socket


def fast_open():
    with socket.socket() as link:
        return link.sendto(b"x", 0x20000000, ("127.0.0.1", TARGETS["tcp"]))


attempt("fast open", fast_open)

# %% udp
# tries: to send a datagram
# must: be refused
# unconfined: succeeds
# layers: seccomp
import socket


def send():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        return link.sendto(b"stolen", ("127.0.0.1", TARGETS["udp"]))


attempt("a datagram", send)

# %% unix_sockets
# tries: to reach a server by the path of its socket
# must: be refused
# unconfined: succeeds
# layers: seccomp
import os
import socket


def connect():
    os.chdir(TARGETS["home"])  # the path is too long for a socket
    with socket.socket(socket.AF_UNIX) as link:
        link.connect("../socket")


attempt("connect", connect)

# %% abstract_sockets
# tries: to reach a server by a name that no file has
# must: be refused
# unconfined: succeeds
# layers: landlock, seccomp
import socket


def connect():
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(TARGETS["abstract"])


attempt("connect", connect)

# %% names
# tries: to ask for the address of a name
# must: be refused
# layers: seccomp
import socket

attempt("a name", socket.getaddrinfo, "example.com", 80)
attempt("the old way", socket.gethostbyname, "example.com")
attempt("a question by hand", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"\0" * 12, ("127.0.0.53", 53)))

# %% protocols_of_the_library
# tries: to fetch a page with what Python brings along
# must: be refused
# layers: landlock, seccomp
import ftplib
import http.client
import smtplib
import urllib.request

port = TARGETS["tcp"]
attempt("urllib", urllib.request.urlopen, f"http://127.0.0.1:{port}/", None, 1)
attempt("http", lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=1).request("GET", "/"))
attempt("smtp", smtplib.SMTP, "127.0.0.1", port, None, 1)
attempt("ftp", lambda: ftplib.FTP().connect("127.0.0.1", port, 1))

# %% listening
# tries: to wait for somebody to call
# must: be refused
# unconfined: succeeds
# layers: seccomp
import socket

attempt("a server", lambda: socket.create_server(("127.0.0.1", 0)).close())
attempt("an abstract name", lambda: socket.socket(socket.AF_UNIX).bind("\0hostile-mark"))
attempt("a pair", lambda: [each.close() for each in socket.socketpair()])

# %% event_loops
# tries: to serve and to connect with asyncio and multiprocessing
# must: be refused
# layers: seccomp
import asyncio
import multiprocessing.connection


async def serve():
    await asyncio.start_server(lambda *streams: None, "127.0.0.1", 0)


attempt("asyncio", lambda: asyncio.run(serve()))
attempt("a listener", multiprocessing.connection.Listener)
attempt("a client", multiprocessing.connection.Client, ("127.0.0.1", TARGETS["tcp"]))

# %% sockets_of_other_families
# tries: to open sockets that aren't for the internet: netlink, packets, virtual machines, ciphers, Bluetooth, raw
# must: be refused
# layers: seccomp
import socket

for family in ("AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG", "AF_BLUETOOTH", "AF_CAN", "AF_TIPC", "AF_KEY"):
    if hasattr(socket, family):
        attempt(family, socket.socket, getattr(socket, family), socket.SOCK_RAW if family != "AF_ALG" else socket.SOCK_SEQPACKET)
attempt("raw", socket.socket, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
attempt("by number", system_call, 41, 2, 1, 0)
attempt("a pair by number", system_call, 53, 1, 1, 0, 0)

# %% the_socket_that_it_has
# tries: to use the socket to the grader for more than answers: to pass files, to connect elsewhere, to look who is there
# must: be refused
# layers: seccomp
import os
import socket

link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, os.dup(3))
attempt("passing a file", socket.send_fds, link, [b"x"], [0])
attempt("taking a file", lambda: socket.recv_fds(link, 1, 1, socket.MSG_DONTWAIT))
attempt("connecting elsewhere", link.connect, TARGETS["abstract"])
attempt("who is there", link.getpeername)
attempt("their credentials", link.getsockopt, socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
attempt("shutting it down", link.shutdown, socket.SHUT_RD)
attempt("sending aside", link.sendto, b"x", socket.MSG_OOB, TARGETS["abstract"])
attempt("accepting", link.accept)

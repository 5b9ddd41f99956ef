"""socket_cookie(): the number that the program itself gets from the kernel, and 0 for a socket that nobody asked about."""

import os
import socket
import struct

from _sonde import Running, check, expect, main

SO_COOKIE = 57
PROGRAM = """tracepoint:sock:inet_sock_set_state /pid == %d && args.newstate == 7/ {
  print(socket_cookie((struct sock *)args.skaddr));
}"""  # TCP_CLOSE


def connect(port, asks):
    """A connection that is opened and closed; what SO_COOKIE says of it."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
        cookie = struct.unpack("Q", client.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))[0] if asks else 0
        try:
            client.connect(("127.0.0.1", port))
        except ConnectionRefusedError:
            pass
        return cookie


@check
def it_is_the_programs_own():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as closed:
        closed.bind(("127.0.0.1", 0))
        running = Running("-e", PROGRAM % os.getpid())
        wanted = [connect(closed.getsockname()[1], asks) for asks in (True, False, True)]
        running.interrupt()
    status, out, errors = running.end()
    expect(status == 0, errors)
    told = [int(line) for line in out.split()]
    expect(wanted[0] > 0 and wanted[0] != wanted[2] and told == wanted, f"{told}, but it is {wanted}")


main()

"""skboutput(): packets in a file that tools for captures read."""

import socket
import struct

from _sonde import Running, check, expect, main

PROGRAM = """tracepoint:net:net_dev_queue /str(args.name) == "lo"/ {
  skboutput("%s", (struct sk_buff *)args.skbaddr, 1000, 14);
}"""


@check
def packets_are_whole(folder):
    path = folder / "out.pcap"
    running = Running("-e", PROGRAM % path)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(3):
            sender.sendto(b"payload %d" % number, ("127.0.0.1", 9))
    running.interrupt()
    status, _, errors = running.end()
    expect(status == 0, errors)
    data = path.read_bytes()
    magic, major, minor, _, _, _, link_type = struct.unpack_from("<IHHiIII", data)
    expect((magic, major, minor, link_type) == (0xA1B23C4D, 2, 4, 101), f"{data[:24]}")
    at, payloads = 24, []
    while at < len(data):
        seconds, _, captured, _ = struct.unpack_from("<IIII", data, at)
        packet = data[at + 16 : at + 16 + captured]
        at += 16 + captured
        expect(seconds > 1_600_000_000, f"{seconds} is no time of today")
        if packet[0] == 0x45 and packet[9] == socket.IPPROTO_UDP:
            payloads.append(packet[28:])
    wanted = [b"payload 0", b"payload 1", b"payload 2"]
    expect([payload for payload in payloads if payload in wanted] == wanted, f"{payloads}")


main()

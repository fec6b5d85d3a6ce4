# SPDX-License-Identifier: Apache-2.0
"""What went over the loopback device of this network namespace: packets, put together to what each TCP connection said. Needs CAP_NET_RAW."""

import collections
import socket
import struct
import threading

ETHERTYPE_ALL = 3
IPV4, TCP = 0x0800, 6
OUTGOING = 4  # of sockaddr_ll's packet types: each packet on loopback is seen twice


class LoopbackCapture:
    """Keeps the payload of every packet from `begin` on; `with` stops it. `other` counts packets that are not IPv4's TCP."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        self.socket.bind(("lo", 0))
        self.socket.settimeout(0.2)
        self.segments = collections.defaultdict(dict)  # (from port, to port, first number) -> {offset: bytes}
        self.first = {}
        self.raw = bytearray()
        self.other = 0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.read)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()
        dropped = struct.unpack("II", self.socket.getsockopt(263, 6, 8))[1]  # SOL_PACKET, PACKET_STATISTICS
        self.socket.close()
        assert dropped == 0, f"{dropped} packets were not captured"

    def read(self):
        while True:
            try:
                frame, address = self.socket.recvfrom(1 << 17)
            except TimeoutError:
                if self.stopping.is_set():
                    return
                continue
            if address[2] != OUTGOING:
                self.take(frame)

    def take(self, frame):
        if struct.unpack_from("!H", frame, 12)[0] != IPV4 or frame[14 + 9] != TCP:
            self.other += 1
            return
        packet = frame[14:14 + struct.unpack_from("!H", frame, 14 + 2)[0]]
        segment = packet[(packet[0] & 15) * 4:]
        source, target, number = struct.unpack_from("!HHI", segment)
        payload = segment[(segment[12] >> 4) * 4:]
        self.raw += payload
        if segment[13] & 2:  # SYN: the connection's numbers begin
            self.first[source, target] = (number + 1) & 0xFFFFFFFF
        first = self.first.get((source, target))
        if payload and first is not None:
            self.segments[source, target, first][(number - first) & 0xFFFFFFFF] = payload

    def said_to(self, port):
        """The bytes that each connection to `port` sent, without what was sent twice."""
        streams = []
        for (_, target, _), pieces in self.segments.items():
            if target != port:
                continue
            stream = bytearray()
            for offset, piece in sorted(pieces.items()):
                assert offset <= len(stream), "a packet is missing"
                stream[offset:offset + len(piece)] = piece
            streams.append(bytes(stream))
        return streams


def http_bodies(stream):
    """The bodies of the HTTP/1.1 requests that one connection sent; what is not whole is returned as it is."""
    bodies = []
    while stream:
        head, separator, rest = stream.partition(b"\r\n\r\n")
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
        if not separator or len(rest) < length:
            raise AssertionError(f"half a request: {head[:80]!r}")
        bodies.append(rest[:length])
        stream = rest[length:]
    return bodies

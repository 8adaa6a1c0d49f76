"""Files made to harm: they may not make the decoder open another file or an address, nor take memory for a promise."""

import ctypes
import json
import os
import resource
import socket
import struct
import subprocess
import sys
import zlib
from fractions import Fraction

import av
import pytest
import torch

from tad.data import DecodeError, codec, decode, encode

IN_OPEN = 0x20  # of inotify: somebody opened the file


class Opened:
    """Tells whether anybody has opened a file since the last time this was asked."""

    def __init__(self, path):
        libc = ctypes.CDLL(None)
        self.fd = libc.inotify_init1(os.O_NONBLOCK)
        if self.fd < 0 or libc.inotify_add_watch(self.fd, os.fsencode(path), IN_OPEN) < 0:
            pytest.skip("inotify cannot watch here")

    def __call__(self) -> bool:
        try:
            return bool(os.read(self.fd, 4096))
        except BlockingIOError:
            return False


@pytest.fixture
def canary(moving, tmp_path):
    """A whole video that nobody may open, and what tells whether somebody did."""
    path = encode(tmp_path / "canary.mp4", moving(20))
    opened = Opened(path)
    yield path, opened
    os.close(opened.fd)


@pytest.fixture
def listener():
    """A socket on loopback that nobody may call: its address, and what tells whether somebody did."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)

        def called() -> bool:
            try:
                server.accept()[0].close()
            except BlockingIOError:
                return False
            return True

        yield f"127.0.0.1:{server.getsockname()[1]}", called


PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:2,\n{target}\n#EXT-X-ENDLIST\n"
KEYED = PLAYLIST.replace("#EXTINF", '#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF')
DASH = """<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" profiles="x"
 mediaPresentationDuration="PT1S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="0" bandwidth="1">
<BaseURL>{target}</BaseURL></Representation></AdaptationSet></Period></MPD>"""
SMIL = '<asx version="3.0"><entry><ref href="{target}"/></entry></asx>'
LISTS = {
    "list.ffconcat": "ffconcat version 1.0\nfile {target}\n",
    "list.mp4": "ffconcat version 1.0\nfile {target}\nduration 1\n",
    "playlist.m3u8": PLAYLIST,
    "playlist.mp4": PLAYLIST,
    "keyed.m3u8": KEYED,
    "dash.mpd": DASH,
    "list.asx": SMIL,
    "reference.url": "[InternetShortcut]\nURL={target}\n",
    "session.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("source", ["path", "bytes"])
def test_no_list_opens_a_file_or_calls_an_address(canary, listener, tmp_path, name, source):
    (path, opened), (address, called) = canary, listener
    for target in (
        str(path),
        path.name,
        f"file:{path}",
        f"http://{address}/x.ts",
        f"tcp://{address}",
        f"crypto:{path}",
    ):
        hostile = tmp_path / name
        hostile.write_text(LISTS[name].replace("{target}", target))
        with pytest.raises(DecodeError, match=r"^(no container that is read here|Invalid data)"):
            list(decode(hostile if source == "path" else hostile.read_bytes()))
        assert not opened() and not called(), target


def test_without_the_guard_the_canary_is_opened_and_the_listener_called(canary, listener, tmp_path):
    (path, opened), (address, called) = canary, listener
    hostile = tmp_path / "list.ffconcat"
    hostile.write_text(f"ffconcat version 1.0\nfile {path.name}\n")
    with av.open(str(hostile)) as container:
        next(container.decode(video=0))
    assert opened()
    (tmp_path / "playlist.m3u8").write_text(PLAYLIST.replace("{target}", f"http://{address}/x.ts"))
    loose = {"protocol_whitelist": "file,http,tcp"}
    with pytest.raises(av.error.FFmpegError):  # nobody answers
        av.open(str(tmp_path / "playlist.m3u8"), timeout=(0.3, 0.3), container_options=loose)
    assert called()


def test_a_format_outside_the_list_stays_shut_even_if_it_opens_nothing(tmp_path):
    (tmp_path / "subtitles.mp4").write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n\n" * 20)
    with av.open(str(tmp_path / "subtitles.mp4")) as container:
        assert container.format.name == "srt"
    with pytest.raises(DecodeError, match="no container that is read here"):
        codec.probe(tmp_path / "subtitles.mp4")


def test_subtitles_and_attachments_change_nothing(moving, tmp_path):
    plain = encode(tmp_path / "plain.mkv", moving(12))
    with av.open(str(plain)) as read, av.open(str(tmp_path / "full.mkv"), "w") as write:
        source, said = read.streams.video[0], write.add_mux_stream("subrip")
        video = write.add_stream_from_template(source)
        write.add_attachment("evil<script>.ttf", "application/x-truetype-font", b"\xff" * 10_000)
        for packet in read.demux(source):
            if packet.size:
                packet.stream = video
                write.mux(packet)
        for n, text in enumerate((b"{\\fs9999}<font face='x' size='9999'>a</font>", b"\x1b[2J\x00", b"a" * 100_000)):
            packet = av.Packet(text)
            packet.pts = packet.dts = n
            packet.time_base, packet.duration, packet.stream = Fraction(1, 25), 1, said
            write.mux(packet)
    with av.open(str(tmp_path / "full.mkv")) as container:
        assert sorted(s.type for s in container.streams) == ["attachment", "subtitle", "video"]
    for (at, one), (bt, other) in zip(decode(plain), decode(tmp_path / "full.mkv"), strict=True):
        assert at == bt and torch.equal(one, other)


# Promises and bombs


def _png(width: int, height: int, data: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    size = struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def _avi(tmp_path, moving, side: int) -> bytes:
    data = bytearray(encode(tmp_path / "small.avi", moving(3), codec="ffv1").read_bytes())
    at = data.index(b"strf") + 12  # biWidth and biHeight
    data[at : at + 8] = struct.pack("<2i", side, side)
    return bytes(data)


def _mkv(tmp_path, moving, side: int) -> bytes:
    data = bytearray(encode(tmp_path / "small.mkv", moving(3, height=512, width=512), codec="ffv1").read_bytes())
    for kind in (b"\xb0\x82", b"\xba\x82"):  # PixelWidth and PixelHeight, of two bytes
        at = data.index(kind) + 2
        data[at : at + 2] = struct.pack(">H", min(side, 0xFFFF))
    return bytes(data)


PROMISES = {
    "png": lambda *_: _png(100_000, 100_000, bytes(1000)),
    "y4m": lambda *_: b"YUV4MPEG2 W100000 H100000 F25:1 C420\nFRAME\n" + bytes(1000),
    "avi": lambda *made: _avi(*made, 100_000),
    "mkv": lambda *made: _mkv(*made, 65_535),
}

GROWTH = """
import importlib.util, json, resource, sys
spec = importlib.util.spec_from_file_location("codec", sys.argv[1])
codec = sys.modules["codec"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(codec)
list(codec.decode(sys.argv[2]))
for path in sys.argv[3:]:
    before, count, reason = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0, ""
    try:
        for _ in codec.decode(path):
            count += 1
    except codec.DecodeError as error:
        reason = str(error)
    print(json.dumps([count, reason, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024]))
"""


def growth(*paths) -> list[tuple[int, str, float]]:
    """Decode files in a process of its own: frames, reason, and by how many MiB its peak grew beyond the first's."""
    words = [sys.executable, "-c", GROWTH, codec.__file__, *map(str, paths)]
    room = 8 << 30  # what goes wrong may not take the machine along
    done = subprocess.run(words, capture_output=True, text=True, timeout=100,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (room, room)))  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def test_a_header_that_promises_billions_of_pixels_costs_nothing(moving, moving_mp4, tmp_path):
    files = []
    for name, make in PROMISES.items():
        files.append(tmp_path / f"promise.{name}")
        files[-1].write_bytes(make(tmp_path, moving))
    for name, (frames, reason, grown) in zip(PROMISES, growth(moving_mp4, *files), strict=True):
        assert frames == 0 and reason, name
        assert grown < 60, (name, grown)


def _bomb(path, frames: int, height: int = 1080, width: int = 2048):
    """A film of one empty picture: some kilobytes a frame, 6.6 MB decoded."""
    picture = _png(width, height, bytes((3 * width + 1) * height))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("png", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "rgb24"
        for n in range(frames):
            packet = av.Packet(picture)
            packet.pts = packet.dts = n
            packet.time_base, packet.stream = Fraction(1, 25), stream
            container.mux(packet)
    return path


def test_a_bomb_is_decoded_frame_by_frame(moving_mp4, tmp_path):
    short, long = _bomb(tmp_path / "short.mov", 12), _bomb(tmp_path / "long.mov", 60)
    assert long.stat().st_size < 60 * 1080 * 2048 * 3 / 500
    (a, _, first), (b, _, more) = growth(moving_mp4, short, long)
    assert (a, b) == (12, 60) and first < 300  # the pictures that its threads hold
    assert more < 60, "the memory of a frame is given back"

"""Ask one URL as fast as possible, and say how often it was answered: wrk if it is installed, else sockets
here.

python -m benchmarks.load PORT PATH SECONDS          prints answers per second
"""

import asyncio
import re
import shutil
import subprocess
import sys
import time

CONNECTIONS = 32


class WrongAnswer(Exception):
    """Something but a 2xx came back, so the figure would mean nothing."""


def generator() -> str:
    return "wrk" if shutil.which("wrk") else "Python sockets"


def command(port: int, path: str, seconds: float) -> list[str]:
    if shutil.which("wrk"):
        url = f"http://127.0.0.1:{port}{path}"
        return [
            "wrk",
            "-t1",
            f"-c{CONNECTIONS}",
            f"-d{max(1, round(seconds))}",
            "-H",
            f"User-Agent: {AGENT}",
            url,
        ]
    return [sys.executable, "-m", "benchmarks.load", str(port), path, str(seconds)]


AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def answers_per_second(port: int, path: str, seconds: float) -> float:
    """Measure in a process of its own. Raises WrongAnswer."""
    said = subprocess.run(command(port, path, seconds), capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise WrongAnswer(said)
    found = re.search(r"Requests/sec:\s*([\d.]+)", said)
    if found is None:
        raise WrongAnswer(said)
    return float(found[1])


async def _ask(port: int, request: bytes, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answered = 0
    while time.perf_counter() < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 2"):
            raise WrongAnswer(head.decode())
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        await reader.readexactly(int(length[1]) if length else 0)
        answered += 1
    writer.close()
    return answered


async def _load(port: int, path: str, seconds: float) -> float:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: {AGENT}\r\n\r\n".encode()
    until = time.perf_counter() + seconds
    counts = await asyncio.gather(*(_ask(port, request, until) for _ in range(CONNECTIONS)))
    return sum(counts) / seconds


if __name__ == "__main__":
    print(f"Requests/sec: {asyncio.run(_load(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]))):.0f}")

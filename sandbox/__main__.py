"""Run the local Microsoft 365: `python -m sandbox --port 8025 [--data DIR] [--app-url URL]`."""

import argparse
import asyncio
import logging
import signal
from pathlib import Path

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from sandbox import snapshot, transport
from sandbox.app import make_app


async def serve(port: int, data: Path | None, app_url: str) -> None:
    """Until SIGTERM or SIGINT; then the state is written once more."""
    state = snapshot.load(data, app_url)
    server = Server(
        make_app(state),
        "127.0.0.1",
        port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=1024,
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    tasks = [asyncio.create_task(server.serve()), asyncio.create_task(transport.run(state))]
    if data:
        tasks.append(asyncio.create_task(snapshot.keep(state, data)))
    finished = asyncio.create_task(stopped.wait())
    await asyncio.wait([*tasks, finished], return_when=asyncio.FIRST_COMPLETED)
    failed = [task.exception() for task in tasks if task.done() and not task.cancelled()]
    for task in [*tasks[1:], finished]:
        task.cancel()
    if not tasks[0].done():
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait([tasks[0]], timeout=3)
    if data:
        snapshot.write(data, snapshot.frozen(state))
    for problem in filter(None, failed):
        raise problem


def main() -> None:
    parser = argparse.ArgumentParser(prog="sandbox", description="A local Microsoft 365 and Postmark.")
    parser.add_argument("--port", type=int, default=8025)
    parser.add_argument("--data", type=Path, help="directory that keeps the state over a restart")
    parser.add_argument("--app-url", default="http://127.0.0.1:8000", help="where the application lives")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="sandbox: %(message)s")
    asyncio.run(serve(arguments.port, arguments.data, arguments.app_url))


if __name__ == "__main__":
    main()

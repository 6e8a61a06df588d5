"""The launcher's commands: python -m devserver demo | run COMMAND … | messages."""

import argparse
import subprocess
import sys
from pathlib import Path

from devserver.demo import run_demo
from devserver.environment import inherited
from devserver.messages import compile_messages
from devserver.places import PROJECT, Unavailable
from devserver.scratch import Scratch


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="devserver", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="the whole product on this machine, with sample campaigns")
    demo.add_argument("--reset", action="store_true", help="begin afresh")
    demo.add_argument("--folder", type=Path, default=PROJECT / ".demo", help="where its data is kept")
    run = commands.add_parser("run", help="run a command with throw-away servers and the settings' environment")
    run.add_argument("words", nargs=argparse.REMAINDER)
    commands.add_parser("messages", help="compile the translations")
    chosen = parser.parse_args(words)
    try:
        if chosen.command == "demo":
            return run_demo(chosen.folder, reset=chosen.reset)
        if chosen.command == "messages":
            compile_messages()
            return 0
        with Scratch() as scratch:
            return subprocess.run(chosen.words, env=inherited() | scratch.environment(), check=False).returncode
    except Unavailable as problem:
        print(f"✗ {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

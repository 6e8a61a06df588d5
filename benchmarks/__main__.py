"""``python -m benchmarks [--quick] [name …]``: measure, and print one line per figure."""

import argparse
import importlib
import importlib.util
import inspect
import sys

NAMES = ("upload", "compose", "edge", "send_path")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"what to measure: {', '.join(NAMES)} (all)")
    parser.add_argument(
        "--quick", action="store_true", help="smaller and fewer rounds: shows that it runs, proves nothing"
    )
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in NAMES]
    if unknown:
        parser.error(f"no benchmark named {', '.join(unknown)}; there are {', '.join(NAMES)}")
    print("name | ours | peer | ratio | goal", flush=True)
    for name in arguments.names or NAMES:
        if importlib.util.find_spec(f"benchmarks.{name}") is None:
            print(f"{name}: not there yet", file=sys.stderr)
            continue
        measure = importlib.import_module(f"benchmarks.{name}").figures
        takes_quick = "quick" in inspect.signature(measure).parameters
        for figure in measure(quick=arguments.quick) if takes_quick else measure():
            print(figure, flush=True)


if __name__ == "__main__":
    main()

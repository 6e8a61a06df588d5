"""``python -m benchmarks [--quick] [name …]``: measure, and print one line per figure.

Needs the environment of mailmerge/settings.py and a PostgreSQL: ``make bench`` brings both.
"""

import argparse
import importlib
import os

import django

NAMES = ("upload", "compose", "edge", "send_path", "more_workers", "queue_overhead", "growth")


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
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailmerge.settings")
    django.setup()  # before any of them is imported: they use our models
    modules = [importlib.import_module(f"benchmarks.{name}") for name in arguments.names or NAMES]
    print("name | ours | peer | ratio | goal", flush=True)
    for module in modules:
        for figure in module.figures(quick=arguments.quick):
            print(figure, flush=True)


if __name__ == "__main__":
    main()

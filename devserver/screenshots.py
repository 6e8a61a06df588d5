"""`make screenshots`: every page in every state as a picture, light, dark and on a phone, in .demo/screenshots/.

It runs a demo of its own on free ports and takes it down at the end; a demo that runs beside it is left alone.
    python -m devserver.screenshots [WORD …]      only the pages whose name contains one of the words
"""

import shutil
import sys
import time
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, sync_playwright

from devserver import browser as browsers
from devserver.demo import Stopped, note, shown, step, stop_on_signals
from devserver.environment import Ports
from devserver.pages import PAGES, Shown
from devserver.places import PROJECT, Unavailable
from devserver.stack import Stack
from devserver.tour import Tour

FOLDER = PROJECT / ".demo" / "screenshots"
STACK_FOLDER = PROJECT / ".demo" / "screenshots-stack"
LOOKS = ("light", "dark", "phone")
REPAINT_MS = 150  # colours fade in, and a list that is still being laid out is no picture
MOST_SECONDS = 600.0


def main(words: list[str]) -> int:
    chosen = [one for one in enumerate(PAGES, 1) if not words or any(word in one[1].name for word in words)]
    if not chosen:
        print(f"No page is named like {' or '.join(words)}.", file=sys.stderr)
        return 2
    stop_on_signals()
    try:
        troubled = take_all(chosen)
    except Stopped:
        print("\nStopped.")
        return 130
    except Unavailable as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    print(f"{len(chosen)} pages, {len(LOOKS)} pictures each, are in {shown(FOLDER)}/.")
    if troubled:
        print(f"Something is wrong with {', '.join(troubled)}: see above.", file=sys.stderr)
    return 1 if troubled else 0


def take_all(chosen: list[tuple[int, Shown]]) -> list[str]:
    """Begin afresh, take every picture, leave nothing running; the names of pages that had trouble.

    Raises Unavailable when it takes too long.
    """
    deadline = time.monotonic() + MOST_SECONDS
    if len(chosen) == len(PAGES):
        shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.rmtree(STACK_FOLDER, ignore_errors=True)
    stack = Stack(STACK_FOLDER, Ports.free(), durable=False)
    try:
        stack.start(step)
        with step("Sample campaigns"):
            seeded = stack.seed()
        with sync_playwright() as playwright, browsers.launch(playwright) as browser:
            tour = Tour(browser, stack, seeded["api_token"])
            with step("What the samples do not show"):
                tour.prepare()
            return [page.name for number, page in chosen if not took(tour, number, page, deadline)]
    finally:
        stack.stop()


def took(tour: Tour, number: int, page: Shown, deadline: float) -> bool:
    """One page in its three looks; whether that went well. Raises Unavailable after the deadline."""
    if time.monotonic() > deadline:
        raise Unavailable(f"Not done after {MOST_SECONDS:.0f} s; {page.name} and what follows are missing.")
    with step(f"{number:02} {page.name}"):
        try:
            tab = tour.arrive(page)
        except (AssertionError, PlaywrightError) as problem:
            tour.troubles.append(f"not reached: {problem}")
        else:
            for look in LOOKS:
                picture(tab, look, FOLDER / look / f"{number:02}-{page.name}.png")
            tab.close()
        for trouble in tour.troubles:
            note(trouble)
    went_well = not tour.troubles
    tour.troubles.clear()
    return went_well


def picture(tab: Page, look: str, path: Path) -> None:
    tab.emulate_media(color_scheme="dark" if look == "dark" else "light")
    tab.set_viewport_size(browsers.PHONE if look == "phone" else browsers.DESKTOP)
    tab.wait_for_timeout(REPAINT_MS)
    path.parent.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=path, full_page=True, animations="disabled")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

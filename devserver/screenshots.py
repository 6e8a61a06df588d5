"""`make screenshots`: every page in every state as a picture, light, dark and on a phone, in .demo/screenshots/.

It runs a demo of its own on free ports and takes it down at the end; a demo that runs beside it is left alone.
    python -m devserver.screenshots [WORD …]      only the pages whose name contains one of the words
    python -m devserver.screenshots --readme      the pictures of the README, in docs/img/
"""

import shutil
import sys
import time
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, ViewportSize, sync_playwright

from devserver import browser as browsers
from devserver.demo import Stopped, clear_the_way, note, shown, step, stop_on_signals
from devserver.environment import Ports
from devserver.pages import PAGES, Shown
from devserver.places import PROJECT, Unavailable
from devserver.stack import Stack
from devserver.tour import Tour

FOLDER = PROJECT / ".demo" / "screenshots"
STACK_FOLDER = PROJECT / ".demo" / "screenshots-stack"
README_FOLDER = PROJECT / "docs" / "img"
FOR_README = {"send-sending": "send.png", "results-finished": "results.png"}
README_WINDOW: ViewportSize = {"width": 1280, "height": 720}
README = ["--readme"]
LOOKS = ("light", "dark", "phone")
REPAINT_MS = 150  # colours fade in, and a list that is still being laid out is no picture
MOST_SECONDS = 600.0


def main(words: list[str]) -> int:
    chosen = [(number, page) for number, page in enumerate(PAGES, 1) if is_wanted(page, words)]
    if not chosen:
        print(f"No page is named like {' or '.join(words)}.", file=sys.stderr)
        return 2
    stop_on_signals()
    try:
        troubled = take_all(chosen, for_readme=words == README)
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


def is_wanted(page: Shown, words: list[str]) -> bool:
    if words == README:
        return page.name in FOR_README
    return not words or any(word in page.name for word in words)


def take_all(chosen: list[tuple[int, Shown]], *, for_readme: bool) -> list[str]:
    """Begin afresh, take every picture, leave nothing running; the names of pages that had trouble.

    Raises Unavailable when it takes too long.
    """
    deadline = time.monotonic() + MOST_SECONDS
    if len(chosen) == len(PAGES):
        shutil.rmtree(FOLDER, ignore_errors=True)
    STACK_FOLDER.mkdir(parents=True, exist_ok=True)
    stack = Stack(STACK_FOLDER, Ports.free(), durable=False)
    clear_the_way(stack, reset=True)
    try:
        stack.start(step)
        with step("Sample campaigns"):
            seeded = stack.seed()
        with sync_playwright() as playwright, browsers.launch(playwright) as browser:
            tour = Tour(browser, stack, seeded["api_token"])
            with step("What the samples do not show"):
                tour.prepare()
            went = {page.name: took(tour, number, page, deadline, for_readme=for_readme) for number, page in chosen}
            return [name for name, well in went.items() if not well]
    finally:
        stack.stop()


def took(tour: Tour, number: int, page: Shown, deadline: float, *, for_readme: bool) -> bool:
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
            if for_readme:
                picture(tab, "light", README_FOLDER / FOR_README[page.name], whole=False)
            tab.close()
        for trouble in tour.troubles:
            note(trouble)
    went_well = not tour.troubles
    tour.troubles.clear()
    return went_well


def picture(tab: Page, look: str, path: Path, *, whole: bool = True) -> None:
    """The whole page, however long, or what the window shows of it."""
    tab.emulate_media(color_scheme="dark" if look == "dark" else "light")
    tab.set_viewport_size(browsers.PHONE if look == "phone" else browsers.DESKTOP if whole else README_WINDOW)
    tab.wait_for_timeout(REPAINT_MS)
    path.parent.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=path, full_page=whole, animations="disabled")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Requests side by side are refused for the same old token: each learns what became of the next one."""

import asyncio

import pytest

from microsoft_graph.access import Tokens
from microsoft_graph.errors import Disconnected, NotDone


async def refused_together(problem: Exception) -> list[object]:
    """Two requests were refused with the first token; there is no second one."""

    def get_token(claims: str | None) -> str:
        if claims is None:
            return "the first token"
        raise problem

    tokens = Tokens(get_token, "graph.microsoft.com")
    old = await tokens.current()
    return list(await asyncio.gather(tokens.renew(old, ""), tokens.renew(old, ""), return_exceptions=True))


@pytest.mark.parametrize(
    ("problem", "told"), [(OSError("Entra is away"), NotDone), (Disconnected("Sign in again."), Disconnected)]
)
def test_none_of_them_goes_on_without_a_token(problem: Exception, told: type[Exception]) -> None:
    answers = asyncio.run(refused_together(problem))
    assert [type(answer) for answer in answers] == [told, told]


def test_the_next_one_is_brought_once_for_all() -> None:
    asked: list[str | None] = []

    def get_token(claims: str | None) -> str:
        asked.append(claims)
        return f"token {len(asked)}"

    async def refused() -> list[str]:
        tokens = Tokens(get_token, "graph.microsoft.com")
        old = await tokens.current()
        return list(await asyncio.gather(tokens.renew(old, ""), tokens.renew(old, "")))

    assert asyncio.run(refused()) == ["token 2", "token 2"]
    assert asked == [None, ""]

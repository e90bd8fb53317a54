"""What is kept: made once, bounded, and made again after it failed."""

from __future__ import annotations

import asyncio

import pytest

from tunewright.studio.work.kept import Kept


def test_the_same_is_made_once_also_by_many_at_once() -> None:
    made = 0

    async def make() -> bytes:
        nonlocal made
        made += 1
        await asyncio.sleep(0.01)
        return b"x"

    async def several() -> list[bytes]:
        kept = Kept()
        found = await asyncio.gather(*(kept.get("a", make) for _ in range(20)))
        return [*found, await kept.get("a", make)]

    assert asyncio.run(several()) == [b"x"] * 21
    assert made == 1


def test_no_more_is_kept_than_may_be_and_what_was_asked_for_last_stays() -> None:
    async def run() -> None:
        kept, made = Kept(100), []

        def maker(name: str):  # type: ignore[no-untyped-def]
            async def make() -> bytes:
                made.append(name)
                return bytes(30)

            return make

        for name in "abc":
            await kept.get(name, maker(name))
        await kept.get("a", maker("a"))
        await kept.get("d", maker("d"))
        assert kept.size <= 100
        await kept.get("a", maker("a"))
        await kept.get("b", maker("b"))
        assert made == ["a", "b", "c", "d", "b"]

    asyncio.run(run())


def test_what_failed_is_made_again() -> None:
    async def run() -> bytes:
        kept, tries = Kept(), 0

        async def make() -> bytes:
            nonlocal tries
            tries += 1
            if tries == 1:
                raise ValueError("no")
            return b"y"

        with pytest.raises(ValueError, match="no"):
            await kept.get("a", make)
        return await kept.get("a", make)

    assert asyncio.run(run()) == b"y"


def test_it_is_made_to_its_end_where_one_who_asked_leaves() -> None:
    async def run() -> bytes:
        kept, made = Kept(), 0

        async def make() -> bytes:
            nonlocal made
            made += 1
            await asyncio.sleep(0.05)
            return str(made).encode()

        leaving = asyncio.ensure_future(kept.get("a", make))
        await asyncio.sleep(0.01)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        return await kept.get("a", make)

    assert asyncio.run(run()) == b"1"

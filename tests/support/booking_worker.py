"""A process of its own that books: ``python -m tests.support.booking_worker URL``.

Reads one JSON command per line: ``{"race": start, "names": [...]}`` lets all names want one slot at once and prints
their outcomes; ``{"busy": seed}`` books, moves and cancels until it is killed, printing a dot for each step.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Iterable
from typing import Any

from bot.appointments import booking
from bot.appointments.calendar import free_slots
from bot.storage.database import Database
from tests.support.booking import rome, step


async def main(url: str) -> None:
    """Obey until standard input ends."""
    database = Database(url)
    await database.read(free_slots, step())
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line)
        if "race" in command:
            outcomes = await race(database, command["race"], command["names"])
            print(json.dumps(outcomes), flush=True)
        else:
            await be_busy(database, random.Random(command["busy"]))
    await database.close()


async def race(database: Database, start: str, names: Iterable[str]) -> list[Any]:
    """Everybody holds and confirms the same slot in the same instant."""

    async def one(name: str) -> Any:
        held = await database.write(booking.hold, step(name), rome(start))
        if held["outcome"] != "held":
            return held
        return await database.write(
            booking.confirm,
            step(name),
            held["appointment"]["id"],
            name="Anna Bo",
            contact=f"{name}@example.it",
        )

    return list(await asyncio.gather(*map(one, names)))


async def be_busy(database: Database, chance: random.Random) -> None:
    """Steps of several citizens, for ever."""

    async def citizen(number: int) -> None:
        name = f"w{chance.random()}{number}"[:32]
        mine: list[str] = []
        while True:
            slots = await database.read(free_slots, step(name))
            start = chance.choice(slots or [rome("2026-11-26T10:00")])
            what = chance.random()
            if what < 0.5 or not mine:
                held = await database.write(booking.hold, step(name), start)
                if held["outcome"] == "held":
                    done = await database.write(
                        booking.confirm,
                        step(name),
                        held["appointment"]["id"],
                        name="Anna Bo",
                        contact=f"{chance.random()}@example.it",
                    )
                    if done["outcome"] == "confirmed":
                        mine.append(held["appointment"]["id"])
            elif what < 0.75:
                await database.write(booking.move, step(name), chance.choice(mine), start)
            else:
                await database.write(
                    booking.cancel, step(name), mine.pop(chance.randrange(len(mine)))
                )
            print(".", end="", flush=True)

    await asyncio.gather(*(citizen(number) for number in range(4)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

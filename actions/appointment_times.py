"""Choosing a time: from a wish to a proposal, the words about it, and whether a slot is taken for the citizen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from actions import appointment_effects as effects
from actions.appointment_state import FormTurn, Overview, local
from actions.appointment_words import refusal_words
from actions.texts import text
from bot.appointments.calendar import local_iso
from bot.appointments.dates import When
from bot.appointments.dates.matching import suits
from bot.appointments.dialogue import planner
from bot.appointments.dialogue.reading import Said
from bot.appointments.dialogue.wishes import (
    OFFERED_MAX,
    Proposal,
    days_of,
    others,
    propose,
    single_day,
    single_moment,
    wish_data,
    wish_of,
)


def offer_first(turn: FormTurn, seen: Overview) -> None:
    """Propose the first free times, if nothing is proposed yet."""
    if turn.slots[planner.START] is not None or turn.talk.get("offered") or turn.talk.get("days"):
        return
    if not seen.free:
        turn.finish("no_slots")
        return
    mode = "move" if turn.task == planner.MOVE else "first"
    offer(turn, seen.free[:OFFERED_MAX], mode)


def offer(turn: FormTurn, moments: Iterable[datetime], mode: str, wish: When | None = None) -> None:
    """Remember what is proposed; the question says it."""
    changes: dict[str, Any] = {"offered": [local_iso(m) for m in moments], "mode": mode, "days": []}
    if wish is not None:
        changes["wish"] = wish_data(wish)
    turn.remember_talk(**changes)


def offer_instead(turn: FormTurn, alternatives: Sequence[str], notice: str) -> None:
    """The chosen time is gone: say so and propose others."""
    turn.put(planner.START, None)
    if not alternatives:
        turn.finish("no_slots")
        return
    turn.notices.append(notice)
    moments = [local(start) for start in alternatives]
    offer(turn, moments, "nearest", days_of(moments))


async def chosen(turn: FormTurn, seen: Overview, said: Said) -> datetime | None:
    """The time that a message settles on; else what to propose is remembered."""
    offered = turn.offered
    if said.pick is not None and said.pick < len(offered):
        return offered[said.pick]
    before = wish_of(turn.talk.get("wish", ()))
    if turn.talk.get("mode") == "nearest" and not said.when.options:
        # The days that were proposed instead are no wish of the citizen's.
        before = When()
    asked = turn.asked == planner.START
    if not said.when:
        if asked and said.says_yes and len(offered) == 1:
            return offered[0]
        if asked and (said.wants_others or said.says_no):
            proposal = others(before, offered, [slot for slot in seen.free if slot != turn.start])
        else:
            return None
    else:
        if asked and (named := _one_of(said.when, offered)) is not None:
            return named
        proposal = propose(said.when, before, seen.free)
    return await _follow(turn, said, proposal)


def _one_of(when: When, offered: Sequence[datetime]) -> datetime | None:
    """The one proposed time that an hour alone names."""
    if not when.options or any(option.days or option.weekdays for option in when.options):
        return None
    fitting = [moment for moment in offered if suits(when, moment)]
    return fitting[0] if len(fitting) == 1 else None


async def _follow(turn: FormTurn, said: Said, proposal: Proposal) -> datetime | None:
    if proposal.kind == "take":
        turn.remember_talk(wish=wish_data(proposal.wish))
        return proposal.slots[0]
    turn.put(planner.START, None)
    if proposal.kind == "nothing":
        turn.finish("no_slots")
    elif proposal.kind == "doubt":
        days = [option.days[0].first.isoformat() for option in proposal.readings if option.days]
        turn.remember_talk(offered=[], mode="doubt", days=days, wish=wish_data(proposal.wish))
    elif proposal.kind == "nearest":
        turn.notices.append(await _why_none(turn, said, proposal.wish))
        offer(turn, proposal.slots, "nearest", days_of(proposal.slots))
    else:
        offer(turn, proposal.slots, proposal.kind, proposal.wish)
    return None


async def _why_none(turn: FormTurn, said: Said, wish: When) -> str:
    """Why none of the wished times is free."""
    today = turn.context.clock.now().date()
    problem = said.when.problems[0] if said.when.problems and not said.when.options else None
    if problem is not None and problem.day is None:
        return text(
            "refused_past_moment"
            if problem.trouble.value == "past"
            else f"refused_{problem.trouble.value}"
        )
    day = problem.day if problem is not None else single_day(wish)
    if day is None:
        return text("refused_span")
    for when in (day, single_moment(wish)):
        refusal = await effects.refusal_of(turn, when) if when else None
        if refusal and when:
            return refusal_words(refusal, when, today)
    return text("refused_span")

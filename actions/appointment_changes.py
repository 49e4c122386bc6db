"""Seeing, moving and cancelling appointments: by code, or those of this conversation."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from actions import appointment_effects as effects
from actions.appointment_state import SERVICE, TASK, FormTurn, Overview, local
from actions.appointment_times import chosen, offer_first, offer_instead
from actions.appointment_words import refusal_words
from actions.texts import text
from bot.appointments.calendar import CONFIRMED as IS_CONFIRMED
from bot.appointments.dates import When, understand
from bot.appointments.dates.matching import suits
from bot.appointments.dialogue.planner import CANCEL, CONFIRMED, OFFICE, SHOW, START, WHICH
from bot.appointments.dialogue.questions import lacks_code
from bot.appointments.dialogue.reading import Said, source_in
from bot.appointments.dialogue.wishes import single_moment, wish_data, wish_of
from bot.appointments.views import AppointmentView


async def move_step(turn: FormTurn, seen: Overview, said: Said) -> bool:
    """Find the appointment, then the new time; a time that is settled on is moved to at once."""
    found = await _find(turn, seen, said)
    which = turn.slots[WHICH]
    if which is None:
        if said.when.options and turn.asked != WHICH:
            turn.remember_talk(wish=wish_data(said.when))
        return found
    if WHICH in turn.changed:
        seen = await turn.overview()
        if turn.asked == WHICH:
            # The days of this message named the appointment; the wish was said before.
            said = replace(said, when=wish_of(turn.talk.get("wish", ())), pick=None)
            turn.remember_talk(wish=[])
    start = local(which["start"])
    if single_moment(said.when) != start:
        # It is there already when a turn that had moved it is done again after a crash.
        chosen_start = await chosen(turn, seen, said)
        if chosen_start is None:
            return _asked_again(turn, seen, said)
        start = chosen_start
    await _move(turn, which["id"], start)
    return True


def _asked_again(turn: FormTurn, seen: Overview, said: Said) -> bool:
    if turn.asked == START and not (said.when or said.wants_others or said.says_no):
        turn.notices.append(text("which_of_these" if said.says_yes else "again_start"))
        return False
    offer_first(turn, seen)
    return True


async def cancel_step(turn: FormTurn, seen: Overview, said: Said) -> bool:
    """Find the appointment, then ask; an answer to a reminder needs no question."""
    if turn.slots[WHICH] is None:
        reminded = await effects.reminded_of(turn) if not turn.asked else ""
        if reminded and not said.code:
            await _cancel(turn, reminded)
            return True
        return await _find(turn, seen, said)
    if turn.asked == CONFIRMED and said.says_yes:
        await _cancel(turn, turn.slots[WHICH]["id"])
        return True
    if turn.asked == CONFIRMED:
        turn.notices.append(text("again_cancel"))
        return False
    return True


async def show_step(turn: FormTurn, seen: Overview, said: Said) -> bool:
    """Show the appointment of a code, or all of this conversation."""
    if said.code:
        found = await _find(turn, seen, said)
        if turn.slots[WHICH]:
            turn.finish("shown_one", view=turn.slots[WHICH])
        return found
    if turn.asked == WHICH and turn.tracker.get_slot(TASK) == SHOW:
        found = await _find(turn, seen, said)
        if turn.slots[WHICH]:
            turn.finish("shown_one", view=turn.slots[WHICH])
        return found
    if not seen.own:
        turn.finish("no_own")
    elif len(seen.own) == 1:
        turn.finish("shown_one", view=seen.own[0])
    else:
        turn.finish("shown_many", views=list(seen.own))
    return True


async def _find(turn: FormTurn, seen: Overview, said: Said) -> bool:
    """Find out which appointment is meant; returns whether the message helped."""
    if said.code:
        return await _find_by_code(turn, said.code)
    if turn.slots[WHICH] is not None:
        return False
    fitting = _fitting(turn, seen, said)
    if len(fitting) == 1:
        _settle(turn, fitting[0])
        return True
    if turn.asked == WHICH:
        turn.notices.append(text("without_code" if lacks_code(said) else "again_which"))
        return False
    turn.remember_talk(choices=[view["id"] for view in fitting])
    if not fitting:
        turn.notices.append(text("no_own"))
    return True


def _fitting(turn: FormTurn, seen: Overview, said: Said) -> list[AppointmentView]:
    """The conversation's appointments that the message can mean."""
    choices = turn.talk.get("choices")
    own = [view for view in seen.own if not choices or view["id"] in choices]
    if turn.asked == WHICH and said.pick is not None and said.pick < len(own):
        return [own[said.pick]]
    named = said.when if turn.asked == WHICH or turn.task == CANCEL else When()
    source = source_in(said.text)
    if source:
        named = understand(source, turn.context.clock.now())
    meant = [view for view in own if named and suits(named, local(view["start"]))]
    return meant or own


async def _find_by_code(turn: FormTurn, code: str) -> bool:
    found = await effects.find(turn, code)
    if found["outcome"] == "wait":
        turn.finish("code_wait", minutes=max(1, -(-found["seconds"] // 60)))
        return True
    view = found.get("appointment")
    if view is None:
        turn.notices.append(text("code_unknown"))
        return False
    if view["status"] != IS_CONFIRMED:
        turn.finish("code_cancelled" if view["status"] == "cancelled" else "code_over")
    elif local(view["start"]) <= turn.context.clock.now():
        turn.finish("code_over")
    else:
        _settle(turn, view)
    return True


def _settle(turn: FormTurn, view: AppointmentView) -> None:
    turn.put(WHICH, view)
    turn.put(OFFICE, view["office"])
    turn.put(SERVICE, view["service"])


async def _move(turn: FormTurn, appointment_id: str, start: datetime) -> None:
    outcome = await effects.move(turn, appointment_id, start)
    kind = outcome["outcome"]
    if kind == "moved":
        turn.finish("moved_again" if outcome["again"] else "moved", view=outcome["appointment"])
    elif kind == "gone":
        turn.finish("code_cancelled")
    elif kind == "over":
        turn.finish("code_over")
    elif kind == "not_offered":
        today = turn.context.clock.now().date()
        offer_instead(
            turn, outcome["alternatives"], refusal_words(outcome["refusal"], start, today)
        )
    else:
        offer_instead(turn, outcome["alternatives"], text("slot_taken"))


async def _cancel(turn: FormTurn, appointment_id: str) -> None:
    outcome = await effects.cancel(turn, appointment_id)
    if outcome["outcome"] == "cancelled":
        turn.finish("cancelled", view=outcome["appointment"])
    else:
        turn.finish("code_over" if outcome["outcome"] == "over" else "code_cancelled")

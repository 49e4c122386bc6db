"""Booking: what a message fills in, the hold, and the confirmation."""

from __future__ import annotations

from datetime import datetime

from actions import appointment_effects as effects
from actions.appointment_state import SERVICE, FormTurn, Overview
from actions.appointment_times import chosen, offer, offer_first, offer_instead
from actions.appointment_words import moment_words, refusal_words
from actions.texts import text
from bot.appointments.booking import Outcome
from bot.appointments.calendar import local_iso
from bot.appointments.contacts import REASON_MAX_CHARS, Invalid, parsed_contact, parsed_reason
from bot.appointments.dialogue.planner import CONFIRMED, CONTACT, NAME, OFFICE, REASON, START
from bot.appointments.dialogue.reading import Said, tidy_reason
from bot.appointments.dialogue.wishes import days_of
from knowledge.text import fold, words

_LEFT_OVER = 2
"""So many words beside a name or a contact are no reason."""

_SENTENCE = 4
"""So many words where a name was asked for are a reason that came late."""


async def fill_booking(turn: FormTurn, seen: Overview, said: Said) -> bool:
    """Take what a message says into a booking; returns whether it said anything useful."""
    done = [
        _take_office(turn, seen, said),
        _take_service(turn, seen, said),
        _take_name(turn, said),
        _take_contact(turn, said),
        await _take_start(turn, seen, said),
    ]
    done.append(_take_reason(turn, said, others_done=any(done)))
    done.append(_take_corrections(turn, seen, said, others_done=any(done)))
    if turn.asked == CONFIRMED and not any(done):
        done.append(await _take_confirmation(turn, said))
    _say_again(turn, said, understood=any(done))
    offer_first(turn, seen)
    return any(done)


def _take_office(turn: FormTurn, seen: Overview, said: Said) -> bool:
    if len(seen.offices) == 1:
        turn.put(OFFICE, seen.office.id)
        return False
    plain = " ".join(words(said.text))
    for office in seen.offices:
        if fold(office.name) in plain or fold(office.id) in plain.split():
            turn.put(OFFICE, office.id)
            return True
    return False


def _take_service(turn: FormTurn, seen: Overview, said: Said) -> bool:
    if turn.asked == REASON and said.pick is not None:
        turn.put(SERVICE, seen.services[said.pick].id)
        return True
    if not said.service or turn.asked in (NAME, CONTACT):
        return False
    if turn.slots[SERVICE] == said.service:
        return False
    turn.put(SERVICE, said.service)
    return True


def _take_name(turn: FormTurn, said: Said) -> bool:
    if said.name is None:
        return False
    turn.context.private.append((said.text[said.name.start : said.name.end], "[nome]"))
    turn.put(NAME, said.name.name)
    return True


def _take_contact(turn: FormTurn, said: Said) -> bool:
    if not said.contact:
        return False
    turn.context.private.append((said.contact, "[contatto]"))
    try:
        turn.put(CONTACT, parsed_contact(said.contact).value)
    except Invalid as error:
        turn.put(CONTACT, None)
        turn.notices.append(text(f"again_contact_{error.problem}"))
        return turn.asked != CONTACT
    return True


async def _take_start(turn: FormTurn, seen: Overview, said: Said) -> bool:
    """Choose a time if the message is about one, and keep it; a changed service is kept for anew."""
    asked = turn.asked == START
    minutes = seen.limits.hold_minutes
    corrects = (
        bool(said.corrects)
        or turn.asked == CONFIRMED
        or (turn.asked in (NAME, CONTACT) and said.names_day)
    )
    about_time = said.is_about_when or (
        bool(said.when) and (corrects or not turn.asked or turn.start is None)
    )
    if not asked and not about_time:
        if SERVICE in turn.changed and turn.start is not None and turn.asked:
            await _keep(turn, turn.start, said, minutes, quietly=True)
        return False
    before = (turn.start, turn.talk.get("offered"), turn.talk.get("mode"), len(turn.notices))
    start = await chosen(turn, seen, said)
    if start is not None:
        await _keep(turn, start, said, minutes)
    return before != (
        turn.start,
        turn.talk.get("offered"),
        turn.talk.get("mode"),
        len(turn.notices),
    )


async def _keep(
    turn: FormTurn, start: datetime, said: Said, minutes: int, *, quietly: bool = False
) -> None:
    outcome = await effects.hold(turn, start)
    today = turn.context.clock.now().date()
    if outcome["outcome"] == "held":
        turn.put(START, local_iso(start))
        turn.remember_talk(held=outcome["appointment"]["id"], offered=[], days=[])
        if not quietly:
            assumed = said.when.assumed_afternoon and str(start.hour) not in said.text
            key = "held_afternoon" if assumed else "held"
            when = moment_words(start, today)
            turn.notices.append(text(key, when=when, minutes=minutes))
    elif outcome["outcome"] == "not_offered":
        offer_instead(
            turn, outcome["alternatives"], refusal_words(outcome["refusal"], start, today)
        )
    else:
        offer_instead(turn, outcome["alternatives"], text("slot_taken"))


def _take_reason(turn: FormTurn, said: Said, *, others_done: bool) -> bool:
    if turn.asked == CONFIRMED:
        tells = not (said.says_yes or said.says_no or said.asks or said.corrects)
        if tells and (
            SERVICE in turn.changed or said.reason or not (turn.slots[REASON] or others_done)
        ):
            return _put_reason(turn, said.reason or said.text)
        return False
    if turn.asked != REASON:
        if turn.slots[REASON] is None and (
            said.reason or (SERVICE in turn.changed and turn.slots[SERVICE])
        ):
            # Who has named a service need not tell more.
            return _put_reason(turn, said.reason)
        return False
    declines = said.says_no or (said.says_yes and int(turn.talk.get("tries", 0)) > 0)
    if declines or said.pick is not None:
        turn.put(REASON, "")
        return True
    if said.says_yes:
        return False
    personal = NAME in turn.changed or CONTACT in turn.changed
    if personal and len(words(said.without_data)) <= _LEFT_OVER:
        # Who answers with a name is asked once more, then has nothing to say about the reason.
        if turn.talk.get("reason_passed"):
            turn.put(REASON, "")
        turn.remember_talk(reason_passed=True)
        return True
    if others_done and (said.is_about_when or said.corrects) and SERVICE not in turn.changed:
        return False
    return _put_reason(turn, said.reason or (said.without_data if personal else said.text))


def _put_reason(turn: FormTurn, reason: str) -> bool:
    try:
        turn.put(REASON, parsed_reason(reason.strip(" ,")))
    except Invalid:
        if int(turn.talk.get("tries", 0)) > 0 or turn.asked != REASON:
            turn.put(REASON, tidy_reason(reason))
            return True
        turn.notices.append(text("reason_long", most=REASON_MAX_CHARS))
        turn.remember_talk(tries=1)
        return False
    return True


def _take_corrections(turn: FormTurn, seen: Overview, said: Said, *, others_done: bool) -> bool:
    """ "Ho sbagliato mail": what is named and not given anew is asked for again."""
    if not turn.asked or turn.asked == REASON:
        return False
    wrong = [
        slot
        for slot in said.corrects
        if slot and slot not in turn.changed and turn.slots[slot] is not None
    ]
    for slot in wrong:
        start = turn.start
        turn.put(slot, None)
        if slot == START:
            turn.remember_talk(offered=[], wish=[], days=[])
            if said.keeps_day and start is not None:
                same_day = [free for free in seen.free if free.date() == start.date()]
                offer(turn, same_day, "hours", days_of(same_day))
    if not wrong and "" in said.corrects and turn.asked == CONFIRMED and not others_done:
        turn.notices.append(text("what_to_change"))
        return True
    return bool(wrong)


async def _take_confirmation(turn: FormTurn, said: Said) -> bool:
    if said.says_yes:
        await _confirm(turn)
        return True
    if said.says_no:
        turn.notices.append(text("what_to_change"))
        return True
    return False


async def _confirm(turn: FormTurn) -> None:
    outcome: Outcome = await effects.confirm(turn)
    kind = outcome["outcome"]
    if kind == "confirmed":
        turn.finish("booked", view=outcome["appointment"])
    elif kind == "limit":
        turn.finish("limit", most=outcome["most"])
    elif kind == "not_offered" and turn.start is not None:
        today = turn.context.clock.now().date()
        offer_instead(
            turn, outcome["alternatives"], refusal_words(outcome["refusal"], turn.start, today)
        )
    else:
        offer_instead(turn, outcome.get("alternatives", []), text("slot_taken"))


def _say_again(turn: FormTurn, said: Said, *, understood: bool) -> None:
    """A helpful word where the answer was none."""
    if understood or not turn.asked or turn.notices:
        return
    if turn.asked == NAME:
        if len(words(said.text)) >= _SENTENCE and not turn.slots[REASON] and not said.asks:
            _put_reason(turn, said.text)
            return
        turn.notices.append(text("needed_name" if said.says_no else "again_name"))
    elif turn.asked == CONTACT:
        turn.notices.append(
            text("needed_contact" if said.says_no else "again_contact_email_without_at")
        )
    elif turn.asked == START:
        turn.notices.append(text("which_of_these" if said.says_yes else "again_start"))
    elif turn.asked == REASON:
        if not said.says_yes:
            turn.notices.append(text("again_reason"))
    elif turn.asked == CONFIRMED:
        turn.notices.append(text("again_confirm"))
    else:
        turn.notices.append(text("again_office"))

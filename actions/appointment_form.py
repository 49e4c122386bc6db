"""The appointment form: books, moves, cancels and shows, from messages that may say everything or a piece of it.

One action reads the whole message, because one message may fill several slots, correct one, or be a question to the
assistant; then the form is refused, the question is answered by the rules, and the form asks again
(docs/decisions/0023). What comes next is decided by `bot.appointments.dialogue.planner`.
"""

from __future__ import annotations

from typing import Any, Final

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import appointment_effects as effects
from actions.appointment_booking import fill_booking
from actions.appointment_changes import cancel_step, move_step, show_step
from actions.appointment_state import (
    FORM,
    OUTCOME,
    SERVICE,
    STATUS,
    TASK,
    TOPIC,
    FormTurn,
    Overview,
    local,
)
from actions.appointment_words import offered_services, views_words
from actions.conversation_state import confirmation_asked, intent_of, remember, text_of
from actions.replies import Reply, send
from actions.texts import text
from bot.appointments.dialogue import planner
from bot.appointments.dialogue.questions import asked_of_it, is_question, wanted_task
from bot.appointments.dialogue.reading import Expecting, Said, read
from bot.appointments.dialogue.wishes import span_of, wish_of

_MANY_TRIES: Final = 3


class ValidateAppointmentForm(Action):
    """Takes a message into the form."""

    def name(self) -> str:
        """Name in the domain."""
        return f"validate_{FORM}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Fill slots, or nothing if the message is a question to the assistant."""
        if _was_refused(tracker):
            # The question has been answered: ask again what was asked.
            return [SlotSet("requested_slot", tracker.get_slot("requested_slot"))]
        turn = FormTurn.of(tracker)
        if turn.asked and confirmation_asked(tracker):
            return []
        seen = await turn.overview()
        if not await _take(turn, seen, _read(turn, seen)):
            return []
        for notice in turn.notices:
            send(dispatcher, Reply(notice, STATUS, TOPIC))
        if turn.asked:
            return turn.events()
        # "Ma quanto costa?" in the middle is about the appointment.
        return [*turn.events(), *remember(tracker, topic=TOPIC, intent="ask_urp_reception")]


def _was_refused(tracker: Tracker) -> bool:
    """Whether this message was refused before: the form comes back after its answer."""
    for event in reversed(tracker.events):
        if event.get("event") == "action_execution_rejected":
            return True
        if event.get("event") == "user":
            return False
    return False


def _read(turn: FormTurn, seen: Overview) -> Said:
    offered = turn.offered
    which = turn.slots[planner.WHICH] or (seen.own[0] if len(seen.own) == 1 else None)
    reference = turn.start or (offered[0] if offered else None)
    task = turn.task if turn.asked else planner.TASKS.get(intent_of(turn.tracker), planner.BOOK)
    if reference is None and task == planner.MOVE and which:
        reference = local(which["start"])
    expecting: Expecting = None
    if turn.asked == planner.START:
        expecting = "time" if turn.talk.get("mode") == "hours" else "day"
    return read(
        text_of(turn.tracker),
        turn.context.clock.now(),
        asked=turn.asked,
        task=task,
        reference=reference,
        expecting=expecting,
        offered=_offered(turn, seen),
        within=span_of(wish_of(turn.talk.get("wish", ()))) if turn.asked == planner.START else None,
        services=seen.services,
    )


def _offered(turn: FormTurn, seen: Overview) -> int:
    """How many things were proposed that "il secondo" can mean."""
    if turn.asked == planner.REASON:
        return len(offered_services(seen))
    return len(turn.talk.get("choices", ()) if turn.asked == planner.WHICH else turn.offered)


async def _take(turn: FormTurn, seen: Overview, said: Said) -> bool:
    """Take the message; False if it is a question to the assistant."""
    intent, sure = _intent(turn.tracker)
    begins = not turn.asked
    if begins:
        turn.put(TASK, planner.TASKS.get(intent, planner.BOOK))
    elif said.restarts:
        await effects.release(turn)
        task = turn.task
        turn.forget()
        turn.put(TASK, task)
    elif said.asks_why:
        turn.notices.append(text(f"why_{said.asks_why.removeprefix('appointment_')}"))
        return True
    else:
        wanted = wanted_task(said, turn.task, turn.asked, intent, sure, has_own=bool(seen.own))
        if wanted == "stop":
            await _stop(turn)
            return True
        if wanted == planner.SHOW and turn.task == planner.BOOK and not said.code:
            turn.notices.append(_own_words(turn, seen))
            return True
        if wanted:
            await _change_task(turn, wanted)
        elif about := asked_of_it(said):
            turn.notices.append(_told_of_it(turn, seen, about))
            return True
        elif is_question(said, turn.asked, intent, sure):
            return False
    understood = await _STEPS[turn.task](turn, seen, said)
    _count_tries(turn, understood=understood or begins)
    return True


_STEPS: Final = {
    planner.BOOK: fill_booking,
    planner.MOVE: move_step,
    planner.CANCEL: cancel_step,
    planner.SHOW: show_step,
}


def _intent(tracker: Tracker) -> tuple[str, float]:
    confidence = float(((tracker.latest_message or {}).get("intent") or {}).get("confidence") or 0)
    return intent_of(tracker), confidence


def _own_words(turn: FormTurn, seen: Overview) -> str:
    """The conversation's appointments, told in the middle of a booking that goes on."""
    if not seen.own:
        return text("no_own")
    return text(
        "done_shown_many", appointments=views_words(seen.own, turn.context.clock.now().date())
    )


def _told_of_it(turn: FormTurn, seen: Overview, about: str) -> str:
    """What to bring, how long it lasts, where it is."""
    service = seen.office.service(turn.slots[SERVICE] or "") or seen.services[0]
    return text(
        f"told_{about}",
        bring=" ".join(service.bring) or text("nothing_to_bring"),
        minutes=service.minutes,
        office=seen.office.name,
        address=seen.office.address,
    )


async def _stop(turn: FormTurn) -> None:
    """End without doing anything."""
    if turn.task == planner.BOOK:
        await effects.release(turn)
        turn.finish("stopped")
    elif turn.task == planner.CANCEL and turn.slots[planner.WHICH]:
        turn.finish("kept", view=turn.slots[planner.WHICH])
    else:
        turn.finish("stopped_change")


async def _change_task(turn: FormTurn, task: str) -> None:
    which = turn.slots[planner.WHICH]
    if turn.task == planner.BOOK:
        await effects.release(turn)
    turn.forget()
    turn.put(TASK, task)
    if which and task != planner.BOOK:
        turn.put(planner.WHICH, which)


def _count_tries(turn: FormTurn, *, understood: bool) -> None:
    tries = 0 if understood else int(turn.talk.get("tries", 0)) + 1
    turn.remember_talk(tries=tries)
    if tries >= _MANY_TRIES and not turn.slots[OUTCOME]:
        turn.notices.append(text("third_time"))

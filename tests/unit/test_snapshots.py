"""Dialogue state kept small: what policies see after a cut is what they would have seen without it."""

from __future__ import annotations

import copy
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from rasa.core.policies.rule_policy import RulePolicy
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.assistant.snapshots import (
    LiveDialogue,
    mask_messages,
    new_dialogue,
    pruned,
    restore,
    snapshot_of,
)
from bot.limits import LIVE_TURNS, SNAPSHOT_TURNS
from tests.support.form_dialogue import (
    BASE,
    FORM,
    LISTEN,
    SLOTS,
    conversation,
    did,
    form_domain,
    said,
    trained_rules,
)

TURNS = conversation() * 3


@pytest.fixture(scope="module")
def domain() -> Domain:
    """A small domain with a form."""
    return form_domain()


@pytest.fixture(scope="module")
def rules(domain: Domain, tmp_path_factory: pytest.TempPathFactory) -> RulePolicy:
    """The policy that chooses the next action."""
    folder: Path = tmp_path_factory.mktemp("rules")
    return trained_rules(folder, domain)


def play(dialogue: LiveDialogue, domain: Domain, turns: list[list[Event]]) -> LiveDialogue:
    """Add turns to the tracker in memory, without pruning."""
    for event in itertools.chain.from_iterable(copy.deepcopy(turns)):
        dialogue.tracker.update(event, domain)
    return dialogue


def kept(dialogue: LiveDialogue, domain: Domain) -> LiveDialogue:
    """What a turn keeps: pruned, stored and read again."""
    return restore("c", domain, snapshot_of(pruned(dialogue, domain)))


def facts(tracker: DialogueStateTracker) -> dict[str, Any]:
    """What decides the next step besides the past states."""
    loop = tracker.active_loop
    return {
        "slots": tracker.current_slot_values(),
        "loop": tracker.active_loop_name,
        "interrupted": bool(loop and loop.is_interrupted),
        "rejected": bool(loop and loop.rejected),
        "latest_action": tracker.latest_action_name,
        "paused": tracker.is_paused(),
        "intent": tracker.latest_message.intent if tracker.latest_message else None,
    }


def prediction(rules: RulePolicy, domain: Domain, tracker: DialogueStateTracker) -> tuple[str, Any]:
    """The next action, with what its prediction adds to the tracker."""
    found = rules.predict_action_probabilities(tracker, domain)
    best = max(range(domain.num_actions), key=lambda n: found.probabilities[n])
    return domain.action_names_or_texts[best], (found.max_confidence, found.optional_events)


def differences(
    whole: LiveDialogue, cut: LiveDialogue, domain: Domain, rules: RulePolicy, turn: list[Event]
) -> list[str]:
    """Play one turn on both, and tell where policies would see or choose something else."""
    found = []
    for event in copy.deepcopy(turn):
        if isinstance(event, ActionExecuted):
            ours, theirs = (prediction(rules, domain, d.tracker) for d in (cut, whole))
            if ours != theirs:
                found.append(f"before {event} {theirs} became {ours}")
        whole.tracker.update(copy.deepcopy(event), domain)
        cut.tracker.update(event, domain)
        now = [d.tracker.past_states(domain)[-1] for d in (whole, cut)]
        if isinstance(event, UserUttered) and now[0] != now[1]:
            found.append(f"{now[0]} became {now[1]} after {event}")
        if facts(whole.tracker) != facts(cut.tracker):
            found.append(f"{facts(whole.tracker)} became {facts(cut.tracker)} after {event}")
    return found


@pytest.mark.parametrize("at", range(len(TURNS) - 1))
def test_a_cut_after_any_turn_changes_nothing_that_policies_see(
    domain: Domain, rules: RulePolicy, at: int
) -> None:
    """T6, T14: form and slots survive the cut, and the next turns go on as without it."""
    whole = play(new_dialogue("c", domain), domain, TURNS[:at])
    cut = kept(whole, domain)
    for turn in TURNS[at : at + LIVE_TURNS + 1]:
        assert differences(whole, cut, domain, rules, turn) == []


def test_pruning_after_every_turn_of_a_long_dialogue_changes_nothing(
    domain: Domain, rules: RulePolicy
) -> None:
    """T6."""
    whole, cut = new_dialogue("c", domain), new_dialogue("c", domain)
    problems = []
    for number, turn in enumerate(TURNS):
        found = differences(whole, cut, domain, rules, turn)
        problems += [f"turn {number}: {what}" for what in found]
        cut = pruned(cut, domain) if number % 2 else kept(cut, domain)
    assert problems == []


def test_a_refused_form_stays_refused_after_its_turn_is_cut_off(domain: Domain) -> None:
    """T14: without the refusal the form would take the next message for an answer."""
    begin, refused, chat = TURNS[1], TURNS[7], TURNS[8]
    whole = play(new_dialogue("c", domain), domain, [begin, refused, *[chat] * (LIVE_TURNS + 2)])
    cut = kept(whole, domain)
    assert whole.tracker.is_active_loop_rejected
    assert cut.tracker.is_active_loop_rejected


def test_a_restored_dialogue_has_its_slots_loop_and_last_events(domain: Domain) -> None:
    before = play(new_dialogue("c", domain), domain, TURNS[:4])
    after = kept(before, domain)
    assert after.tracker.sender_id == "c"
    assert after.tracker.get_slot("giorno") == "2026-11-24"
    assert after.tracker.get_slot("context") == {"topic": "zona-del-comune"}
    assert after.tracker.active_loop_name == FORM
    assert after.tracker.get_slot("requested_slot") == "ora"
    kinds = [type(event) for event in TURNS[3]]
    assert [type(event) for event in after.tracker.events][-len(kinds) :] == kinds
    assert after.tracker.latest_message is not None
    assert after.tracker.latest_message.text == "martedì"
    bot = [event for event in after.tracker.events if isinstance(event, BotUttered)]
    assert bot[-1].text == "A che ora?"


def test_a_snapshot_of_a_restored_snapshot_is_the_same(domain: Domain) -> None:
    for number in range(len(TURNS)):
        snapshot = snapshot_of(play(new_dialogue("c", domain), domain, TURNS[:number]))
        assert snapshot_of(restore("c", domain, snapshot)) == snapshot


def test_entities_keep_what_actions_use_and_drop_the_rest(domain: Domain) -> None:
    snapshot = snapshot_of(play(new_dialogue("c", domain), domain, TURNS[:1]))
    (user,) = [event for event in json.loads(snapshot)["events"] if event["event"] == "user"]
    assert user["parse_data"]["entities"] == [{"entity": "comune", "value": "Rho"}]
    assert "topic-1" not in snapshot
    assert "not kept" not in snapshot


def test_without_a_snapshot_the_assistant_listens_to_a_first_message(domain: Domain) -> None:
    tracker = restore("c", domain, None).tracker
    assert tracker.latest_action_name == ACTION_LISTEN_NAME
    assert tracker.active_loop_name is None
    assert all(value is None for value in tracker.current_slot_values().values())


def test_a_snapshot_does_not_grow_between_turn_20_and_turn_200(domain: Domain) -> None:
    """T6."""
    dialogue, sizes, events = new_dialogue("c", domain), [], []
    cycle = conversation()
    for number in range(200):
        play(dialogue, domain, [cycle[number % 10]])
        dialogue = pruned(dialogue, domain)
        sizes.append(len(snapshot_of(dialogue)))
        events.append(len(dialogue.tracker.events))
    assert max(sizes[190:]) <= 1.05 * max(sizes[10:20])
    assert max(events[190:]) <= max(events[10:20])


def test_a_pruned_dialogue_keeps_the_last_turn_whole(domain: Domain) -> None:
    dialogue = pruned(play(new_dialogue("c", domain), domain, TURNS[:9]), domain)
    users = [event.text for event in dialogue.tracker.events if isinstance(event, UserUttered)]
    assert len(users) == SNAPSHOT_TURNS
    assert users[-1] == "e domani?"


def test_a_short_dialogue_is_not_pruned(domain: Domain) -> None:
    dialogue = play(new_dialogue("c", domain), domain, TURNS[:LIVE_TURNS])
    assert pruned(dialogue, domain) is dialogue


def test_slots_and_forms_of_another_model_are_dropped(domain: Domain) -> None:
    """T9: after a hot swap the conversation goes on with what the new model knows."""
    smaller = Domain.from_yaml(BASE + SLOTS.replace("  comune:", "  paese:"))
    snapshot = snapshot_of(pruned(play(new_dialogue("c", domain), domain, TURNS[:10]), domain))
    tracker = restore("c", smaller, snapshot).tracker
    assert tracker.active_loop_name is None
    assert "comune" not in tracker.slots
    assert tracker.get_slot("giorno") == "2026-11-24"
    assert tracker.get_slot("paese") is None


def test_masked_messages_leave_no_raw_text_behind(domain: Domain) -> None:
    """T70: the commit of a turn replaces the message by its masked form."""
    raw, masked = "sono al 3331234567", "sono al [telefono]"
    dialogue = new_dialogue("c", domain)
    play(dialogue, domain, [[said(raw, "inform"), did("action_answer"), LISTEN]])
    mask_messages(dialogue, {raw: masked})
    assert "3331234567" not in snapshot_of(dialogue)
    assert masked in snapshot_of(dialogue)
    assert dialogue.tracker.latest_message is not None
    assert dialogue.tracker.latest_message.text == masked
    live = [event.as_dict() for event in dialogue.tracker.events]
    assert "3331234567" not in json.dumps(live)

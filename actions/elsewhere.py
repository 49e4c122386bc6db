"""Questions about places that are not ours: a town of another province, another country."""

from __future__ import annotations

from rasa_sdk import Tracker

from actions.conversation_state import entities_of, text_of
from actions.replies import Reply
from actions.texts import text
from knowledge.countries import country_asked_about
from knowledge.schema import Record
from knowledge.text import fold

_REFERRAL = "referral"


def not_ours(tracker: Tracker, record: Record) -> Reply | None:
    """The answer to a question that a record answers for our territory only, asked about somewhere else; else None.

    Whose matter something is holds in all of Italy; our own services and contacts end at the border.
    """
    country = country_asked_about(text_of(tracker))
    if country:
        return Reply(text("elsewhere_country", country=country), "out_of_scope", record.id)
    places = entities_of(tracker, "comune")
    outside = [place for place in places if place.get("kind") == "outside"]
    if record.kind == _REFERRAL or not outside or len(outside) < len(places):
        return None
    town, province = outside[0]["value"], outside[0]["ids"][0]
    said = fold(" ".join((record.summary.text, *(fact.text for fact in record.facts))))
    if fold(town) in said or fold(province) in said:
        return None
    return Reply(text("elsewhere_town", town=town, province=province), "out_of_scope", record.id)

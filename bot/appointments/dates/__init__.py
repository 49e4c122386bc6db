"""Italian days and hours: a text and "now" to a set of days and times (`understand`), never one guess.

Pure; the grammar is written down in docs/dates.md. `matching` compares with free slots, `wording` says it back.
May import ``knowledge.hours``, ``knowledge.text`` and ``knowledge.words``; imported by booking, actions, bot.nlu.
"""

from bot.appointments.dates.model import (
    Ambiguity,
    DaySpan,
    Doubt,
    Matched,
    Option,
    Preference,
    Problem,
    TimeSpan,
    Trouble,
    When,
)
from bot.appointments.dates.reading import understand

__all__ = [
    "Ambiguity",
    "DaySpan",
    "Doubt",
    "Matched",
    "Option",
    "Preference",
    "Problem",
    "TimeSpan",
    "Trouble",
    "When",
    "understand",
]

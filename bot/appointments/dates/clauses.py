"""From the items of a sentence to sets of days and hours that go together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from bot.appointments.dates.calendar import WEEKEND, clip, is_weekend
from bot.appointments.dates.context import Context, DayKind, Days, HourKind, Hours, Item
from bot.appointments.dates.days import next_numbered
from bot.appointments.dates.hours import placed_in
from bot.appointments.dates.model import (
    DAY_MINUTES,
    Ambiguity,
    DaySpan,
    Doubt,
    Option,
    Preference,
    Problem,
    TimeSpan,
    Trouble,
    When,
    single,
)
from bot.appointments.dates.weekdays import placed

_SPANS: Final = (DayKind.SPAN, DayKind.BOUND)


@dataclass
class _Clause:
    """Days and hours that belong together, while the sentence is read."""

    days: list[Days] = field(default_factory=list)
    hours: list[Hours] = field(default_factory=list)
    hours_first: bool = False
    span: DaySpan | None = None


def when_of(items: list[Item], ctx: Context) -> When:
    """What the items of a text mean together."""
    clauses = [_Clause()]
    excluded: list[_Clause] = []
    extra: list[Option] = []
    not_these: list[Option] = []
    preference = Preference.NONE
    for index, item in enumerate(items):
        if item.preference is not Preference.NONE:
            preference = item.preference
        if item.extra:
            (not_these if item.excludes else extra).extend(item.extra)
        if item.denied:
            turned = _turned(item)
            if turned is not None:
                _take(clauses, turned)
                continue
            _deny(excluded, item, index > 0 and items[index - 1].denied, clauses[-1].span)
            continue
        _take(clauses, item)
    problems = [problem for item in items for problem in _problems(item)]
    options, ambiguities = [], []
    for clause in clauses:
        option, doubts, past = _resolved(clause, ctx)
        problems += [Problem(Trouble.PAST, *_ends(items)) for _ in range(past)]
        options += option
        ambiguities += doubts
    options = _with_extra(options, extra)
    out = [one for clause in excluded for one in _excluded(clause)] + not_these
    return When(
        options=tuple(dict.fromkeys(options)),
        excluded=tuple(dict.fromkeys(out)),
        preference=preference,
        ambiguities=tuple(ambiguities),
        problems=tuple(dict.fromkeys(problems)),
        matched=tuple(item.place for item in items),
        assumed_afternoon=any(item.hours is not None and item.hours.assumed for item in items),
    )


def _ends(items: list[Item]) -> tuple[int, int]:
    return items[0].place.start, items[-1].place.end


def _problems(item: Item) -> list[Problem]:
    place = item.place
    found = []
    if item.days is not None and item.days.trouble:
        day = item.days.span.first if item.days.span else None
        found.append(Problem(item.days.trouble, place.start, place.end, day))
    if item.hours is not None and item.hours.trouble:
        found.append(Problem(item.hours.trouble, place.start, place.end))
    return found


def _with_extra(options: list[Option], extra: list[Option]) -> list[Option]:
    """A wish told from the moment on the table takes the days and hours that were said beside it."""
    if not extra:
        return options
    if not options:
        return extra
    return [
        replace(
            one, days=said.days or one.days, weekdays=said.weekdays, times=said.times or one.times
        )
        for said in options
        for one in extra
    ]


def _deny(excluded: list[_Clause], item: Item, after_denied: bool, span: DaySpan | None) -> None:
    with_time = (
        item.hours is not None and item.days is None and not item.joined and not item.distant
    )
    another_day = bool(item.days and item.joined and excluded and not excluded[-1].hours)
    goes_on = after_denied and (with_time or another_day)
    if not (goes_on and excluded):
        excluded.append(_Clause())
    clause = excluded[-1]
    if item.days is not None and not item.days.trouble:
        days = item.days
        if span is not None and days.weekday is not None:
            days = placed(days, span) or days
        elif item.general and days.span is not None and is_weekend(days.span):
            days = Days(days.end, DayKind.EVERY, Option(weekdays=WEEKEND))
        elif item.general and days.weekday is not None and days.container is None:
            days = Days(
                days.end, DayKind.EVERY, Option(weekdays=(days.weekday,)), weekday=days.weekday
            )
        clause.days.append(days)
    if item.hours is not None and not item.hours.trouble:
        clause.hours.append(item.hours)


def _turned(item: Item) -> Item | None:
    """What a denied limit leaves: not before ten is from ten on."""
    hours = item.hours
    if item.days is None and hours is not None and hours.kind is HourKind.BEFORE and hours.spans:
        return replace(
            item,
            denied=False,
            hours=replace(
                hours, kind=HourKind.AFTER, spans=(TimeSpan(hours.spans[0].end, DAY_MINUTES),)
            ),
        )
    if item.days is None and hours is not None and hours.kind is HourKind.AFTER and hours.spans:
        return replace(
            item,
            denied=False,
            hours=replace(hours, kind=HourKind.BEFORE, spans=(TimeSpan(0, hours.spans[0].start),)),
        )
    return None


def _excluded(clause: _Clause) -> list[Option]:
    times = _times(clause.hours)
    if not clause.days:
        return [Option(times=times)] if times else []
    return [replace(option, times=times, preferred=None) for option in _day_options(clause.days)]


def _take(clauses: list[_Clause], item: Item) -> None:
    """Add an item to the clause it belongs to, or begin another."""
    if item.days is not None and item.days.doubt is Doubt.DATE_OR_HOURS and clauses[-1].days:
        times = item.days.alternatives[-1].times
        item = replace(item, days=None, hours=Hours(item.days.end, HourKind.BETWEEN, times))
    if item.days is not None and not item.days.trouble:
        _take_days(clauses, item, item.days)
    if item.hours is not None and not item.hours.trouble:
        _take_hours(clauses, item, item.hours)


def _take_days(clauses: list[_Clause], item: Item, days: Days) -> None:
    clause = clauses[-1]
    if item.corrects and clause.days:
        span = clause.span if days.weekday is not None else None
        clause.days = [placed(days, span) or days if span else days]
        return
    if clause.days and item.joined != "or":
        narrowed = narrow(clause.days[-1], days)
        if narrowed is not None:
            clause.days[-1] = narrowed
            clause.span = clause.span or narrowed.container
            return
    if days.bare_number and item.joined and (said := _last_date(clauses)) is not None:
        days = _in_month_of(said, days)
    if clause.span is not None and days.kind is DayKind.WEEKDAY:
        days = placed(days, clause.span) or days
    if clause.days and clause.hours and not clause.hours_first:
        clauses.append(_Clause(span=clause.span))
        clause = clauses[-1]
    if days.container is not None and days.weekday is not None:
        # "lunedì o martedì della prossima settimana": the span told last holds for both.
        clause.days = [_held(one, days.container) for one in clause.days]
    clause.days.append(days)
    if days.kind is DayKind.SPAN and days.span is not None and clause.span is None:
        clause.span = days.span


def _last_date(clauses: list[_Clause]) -> Days | None:
    return next((clause.days[-1] for clause in reversed(clauses) if clause.days), None)


def _in_month_of(said: Days, days: Days) -> Days:
    """ "il 15 gennaio o il 16": a number without month after a date with one."""
    if said.bare_number or said.kind is not DayKind.DATE or said.span is None or days.span is None:
        return days
    day = next_numbered(days.span.first.day, said.span.first)
    return replace(days, option=Option((single(day),))) if day else days


def _held(days: Days, span: DaySpan) -> Days:
    return (placed(days, span) or days) if days.kind is DayKind.WEEKDAY else days


def narrow(first: Days, second: Days) -> Days | None:
    """Two namings of one set of days: a weekday and its week, a date in a month, two limits. None if they are two."""
    for outer, inner in ((first, second), (second, first)):
        if outer.kind in _SPANS and outer.span is not None:
            if inner.weekday is not None and inner.kind in (DayKind.WEEKDAY, DayKind.EVERY):
                return placed(inner, outer.span)
            if inner.kind is DayKind.EVERY and inner.option.weekdays and not inner.option.days:
                return replace(inner, option=replace(inner.option, days=outer.option.days))
            if (
                inner.kind is DayKind.DATE
                and inner.span is not None
                and inner.span.first in outer.span
            ):
                return inner
            if inner.kind is DayKind.ANY:
                return outer
    if DayKind.ANY in (first.kind, second.kind):
        return second if first.kind is DayKind.ANY else first
    if first.kind in _SPANS and second.kind in _SPANS and first.span and second.span:
        common = clip(first.span, second.span)
        return replace(second, option=Option((common,))) if common else None
    for one, other in ((first, second), (second, first)):
        date_span = other.span
        if one.kind is DayKind.WEEKDAY and other.kind is DayKind.DATE and date_span is not None:
            return other if date_span.first.weekday() == one.weekday else None
    return second if first.option == second.option else None


def _take_hours(clauses: list[_Clause], item: Item, hours: Hours) -> None:
    clause = clauses[-1]
    if not clause.hours:
        clause.hours_first = not clause.days
        clause.hours.append(hours)
        return
    last = clause.hours[-1]
    if item.corrects:
        clause.hours = (
            [placed_in(hours, last.part)]
            if last.part and hours.kind is not HourKind.PART
            else [hours]
        )
        return
    if item.joined != "or":
        both = _both(last, hours)
        if both is not None:
            clause.hours[-1] = both
            return
    elif clause.hours_first and clause.days:
        clauses.append(_Clause(hours=[hours], hours_first=True, span=clause.span))
        return
    clause.hours.append(hours)


def _both(first: Hours, second: Hours) -> Hours | None:
    """Two namings of one time ("nel pomeriggio", "alle 3"), or None if they are two times."""
    if first.kind is second.kind:
        return None if first.kind in (HourKind.PART, HourKind.MOMENT, HourKind.BETWEEN) else second
    part = first.part or second.part
    one, other = placed_in(first, part), placed_in(second, part)
    exact = other if other.kind is HourKind.MOMENT else one if one.kind is HourKind.MOMENT else None
    if exact is not None:
        rest = one if exact is other else other
        if rest.kind is HourKind.PART:
            # "mattina" with an hour: the hour is what was meant, even at the edge of the morning.
            return replace(exact, part=rest.part)
        return None
    spans = tuple(common for a in one.spans for b in other.spans if (common := _common(a, b)))
    return replace(other, spans=spans, part=part) if spans else None


def _common(first: TimeSpan, second: TimeSpan) -> TimeSpan | None:
    start, end = max(first.start, second.start), min(first.end, second.end)
    return TimeSpan(start, end) if start < end else None


def _times(hours: list[Hours]) -> tuple[TimeSpan, ...]:
    part = next((one.part for one in hours if one.part), "")
    return tuple(
        sorted({span for one in hours for span in placed_in(one, part if one.part else "").spans})
    )


def _day_options(days: list[Days]) -> list[Option]:
    """The days of one clause as few options as possible: plain days together, weekdays apart."""
    plain = [one.option for one in days if one.option.days and not one.option.weekdays]
    every = [one.option for one in days if one.option.weekdays]
    free = [one for one in days if not one.option.days and not one.option.weekdays]
    out: list[Option] = []
    if plain:
        preferred = plain[0].preferred if len(plain) == 1 else None
        spans = {span for option in plain for span in option.days}
        out.append(Option(tuple(sorted(spans, key=_order)), preferred=preferred))
    for spans_of in dict.fromkeys(option.days for option in every):
        weekdays = {
            number for option in every if option.days == spans_of for number in option.weekdays
        }
        out.append(Option(spans_of, tuple(sorted(weekdays))))
    return out or [Option() for _ in free[:1]]


def _order(span: DaySpan) -> tuple[int, int]:
    return span.first.toordinal(), span.last.toordinal() if span.last else 10**9


def _resolved(clause: _Clause, ctx: Context) -> tuple[list[Option], list[Ambiguity], int]:
    """Options and doubts of a clause, without moments of today that are over; how many of those there were."""
    times = _times(clause.hours)
    if not clause.days:
        return ([Option(times=times)] if times else []), [], 0
    over = bool(times) and all(_is_over(span, ctx.minute) for span in times)
    past = 0
    kept: list[Days] = []
    for days in clause.days:
        only_today = days.option.days == (single(ctx.today),)
        if over and only_today:
            past += 1
        elif over and days.doubt is not None and single(ctx.today) in days.option.days:
            later = tuple(span for span in days.option.days if span != single(ctx.today))
            kept.append(replace(days, option=Option(later), doubt=None, alternatives=()))
        else:
            kept.append(days)
    options = [replace(option, times=times) for option in _day_options(kept)] if kept else []
    doubts = [
        Ambiguity(
            days.doubt, tuple(replace(one, times=times or one.times) for one in days.alternatives)
        )
        for days in kept
        if days.doubt is not None
    ]
    return options, doubts, past


def _is_over(span: TimeSpan, minute: int) -> bool:
    return span.start < minute if span.start == span.end else span.end <= minute

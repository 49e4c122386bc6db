"""Numbers for Prometheus, one registry per application. Labels never hold anything about a person."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest


class Metrics:
    """Everything that is counted, as attributes."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.feed_fetches = Counter(
            "sportello_offer_feed_fetches",
            "Fetches of a feed of offers by outcome: new, unchanged, refused.",
            ["feed", "outcome"],
            registry=self.registry,
        )
        self.feed_alert = Gauge(
            "sportello_offer_feed_alert",
            "1 while the last fetch of a feed was refused and older offers are kept.",
            ["feed"],
            registry=self.registry,
        )
        self.feed_age = Gauge(
            "sportello_offer_feed_age_seconds",
            "Seconds since the offers of a feed were last known to be current.",
            ["feed"],
            registry=self.registry,
        )

        self.turns_waiting = Gauge(
            "sportello_turns_waiting",
            "Messages that this process is answering, or that wait for it.",
            registry=self.registry,
        )
        self.web_connections = Gauge(
            "sportello_web_connections",
            "Open connections of the web channel.",
            registry=self.registry,
        )

    def text(self) -> bytes:
        """The metrics in the text format of Prometheus."""
        return generate_latest(self.registry)

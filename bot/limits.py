"""Every number that bounds something and is not a setting, with its reason."""

from __future__ import annotations

from typing import Final

MESSAGE_MAX_CHARS: Final = 2_000
"""Longest message understood; longer texts get a polite refusal before they reach the model."""

REQUEST_MAX_BYTES: Final = 64 * 1024
"""Largest HTTP body: a message of 2,000 four-byte characters, JSON-escaped, is under 25 kB."""

SENDER_MAX_CHARS: Final = 255
"""Longest sender id on the REST door."""

MESSAGE_ID_MAX_CHARS: Final = 255
"""Longest idempotency key of a client (the figure that Stripe uses)."""

METADATA_MAX_DEPTH: Final = 32
"""JSON nesting accepted on a public door; deeper bodies are refused before they are walked."""

ANSWER_TARGET_CHARS: Final = 600
"""An answer fits a phone screen."""

MAX_BUTTONS: Final = 3
"""Likely next steps offered under an answer."""

ACTION_TIMEOUT_S: Final = 5.0
"""An action that takes longer has failed: the citizen gets the fault sentence."""

TURN_ATTEMPTS: Final = 5
"""How often a turn is redone when another process was faster or the database hiccups."""

LIVE_TRACKERS: Final = 2_000
"""Conversations kept in memory; the others are rebuilt from their snapshot (about 1 ms)."""

SNAPSHOT_TURNS: Final = 1
"""Turns of events kept in a snapshot, cut at an ``action_listen``."""

LIVE_TURNS: Final = 2
"""Turns a live tracker may grow to before it is cut back to SNAPSHOT_TURNS."""

READY_WAIT_S: Final = 60.0
"""How long a stored message waits for the model while the process starts."""

RECOVERY_INTERVAL_S: Final = 5.0
"""How often unanswered messages are looked for."""

TURNS_AT_ONCE: Final = 8
"""Turns that run at the same time in a process; more wait their turn, else each would outlast its actions' time limit."""

RECOVERY_AT_ONCE: Final = 8
"""Conversations recovered side by side: a slow one does not hold up the others."""

MODEL_WATCH_INTERVAL_S: Final = 1.0
"""How often a serving process looks for a newly trained model."""

KNOWLEDGE_WATCH_INTERVAL_S: Final = 1.0
"""How often a serving process looks for knowledge that others have changed (two small reads)."""

SHUTDOWN_GRACE_S: Final = 10.0
"""Running turns may finish within this time after SIGTERM."""

PASSWORD_MAX_BYTES: Final = 1_024
"""Longest password of the staff, in UTF-8: longer ones are refused before they are hashed."""

PASSWORD_HASHES_AT_ONCE: Final = 2
"""Argon2 takes 19 MiB and 23 ms of a core each: a flood of sign-ins must leave room for the chat."""

PASSWORD_HASHES_WAITING: Final = 16
"""Sign-ins that may wait for a hash (about 0.4 s); the others get 429."""

SECOND_FACTOR_TRIES: Final = 5
"""Wrong codes after which the password is asked again."""

HALF_SESSION_MINUTES: Final = 10
"""How long a sign-in may wait for its code."""

LIVE_CHECK_INTERVAL_S: Final = 2.0
"""How often open live connections of the console are checked against their sessions."""

LIVE_STREAMS_PER_PERSON: Final = 20
"""Tabs of the console that one person may have open."""

FEED_INTERVAL_MIN: Final = 60.0
"""Minutes between two fetches of a feed: offers change daily, a conditional request costs the other side little."""

FEED_TIMEOUT_S: Final = 30.0
"""Seconds that one fetch may take, from the name to the last byte."""

FEED_MAX_BYTES: Final = 64 * 1024 * 1024
"""Largest feed after unpacking: 50,000 offers of 1.2 kB."""

FEED_MIN_SHARE: Final = 0.6
"""A feed that suddenly has no more than this share of its offers is more likely broken than true."""

OFFERS_STALE_HOURS: Final = 48.0
"""Age from which answers say that the list of offers is old."""

OFFER_DAYS: Final = 60
"""Life of an offer that names no deadline: it must not be shown for ever."""

IMPORT_MAX_BYTES: Final = 200 * 1024 * 1024
"""Largest file that is imported: the units of all public bodies are 60 MB."""

FEED_ATTEMPTS: Final = 3
"""Tries of one fetch before it counts as failed."""

FEED_BACKOFF_S: Final = 2.0
"""Wait before the second try; four times as long before the third."""

FEED_MAX_REDIRECTS: Final = 3
"""Redirects that are followed, only to configured hosts."""

FEED_LEASE_BEAT_S: Final = 10.0
"""How often the fetching replica says that it lives, and looks whether a feed is due."""

FEED_LEASE_TERM_S: Final = 45.0
"""Silence after which another replica takes the fetching over: four beats."""
EVENT_POLL_S: Final = 0.2
"""How often a process on SQLite looks for changes of the command line, while somebody listens."""

EVENT_POLL_WITH_NOTIFY_S: Final = 1.0
"""The same where NOTIFY wakes, or where nobody listens."""

EVENT_GAP_WAIT_S: Final = 60.0
"""How long an event that took its id and has not committed is waited for (statements end after 30 s)."""

OUTBOX_AT_ONCE: Final = 20
"""Messages of a channel on their way at the same time, each of another conversation."""

OUTBOX_LEASE_S: Final = 60.0
"""A sender that has not reported back after this time counts as lost."""

OUTBOX_ATTEMPTS: Final = 12
"""Tries before a message becomes a dead letter: about half an hour with the pauses below."""

OUTBOX_FIRST_RETRY_S: Final = 1.0
OUTBOX_LONGEST_RETRY_S: Final = 300.0
"""Pause after the first failed try, doubled each time up to the longest."""

UPKEEP_INTERVAL_S: Final = 5.0
"""How often sessions that ended, unread alerts and persons who are gone are looked for."""

UPKEEP_AT_ONCE: Final = 100
"""Conversations that one unit of upkeep changes: bounds how long it holds the database."""

EVENTS_KEPT_H: Final = 24
"""Hours for which events stay: a replica that was cut off longer reads the tables anew."""

ERASED_SHELL_S: Final = 600.0
"""How long the farewell of an erased conversation stays, for a repetition of the message that asked for it."""

OUTBOX_POLL_S: Final = 2.0
"""How often a sender looks for messages without being woken."""

WEB_MESSAGES_PER_MINUTE: Final = 30
"""Messages of one visitor; who writes by hand stays far below."""

WEB_FRAMES_PER_MINUTE: Final = 120
"""Frames of one connection, of whatever kind (OWASP suggests to begin with 100)."""

WEB_FRAMES_FLOOD: Final = 200
"""Refused frames in a row after which a connection is closed: it does not listen."""

WEB_CONVERSATIONS_PER_HOUR: Final = 1_500
"""New conversations from one address: a school, a town hall or a mobile operator may be behind one."""

WEB_WRONG_SECRETS_PER_MINUTE: Final = 60
"""Refused secrets from one address. Guessing 256 bits is hopeless anyway: this spares the database."""

WEB_SOCKETS_PER_VISITOR: Final = 10
WEB_SOCKETS_PER_ADDRESS: Final = 2_000
WEB_SOCKETS: Final = 5_000
"""Open connections; an idle one takes about 30 kB."""

WEB_SESSION_HOURS: Final = 24.0
"""Silence of the citizen after which the browser's secret is worth nothing (shared computers)."""

WEB_FRAME_MAX_BYTES: Final = 16 * 1024
"""Largest frame: a message of 2,000 four-byte characters, JSON-escaped, is under 12 kB (24 kB if all escaped)."""

WEB_SECRET_MAX_CHARS: Final = 128
COMMENT_MAX_CHARS: Final = 1_000
"""Longest remark to a rating or a report."""

WEB_HELLO_TIMEOUT_S: Final = 10.0
"""Who opens a socket and says nothing is closed."""

WEB_HEARTBEAT_S: Final = 30.0
"""Pings on a silent socket; half of it again without an answer and the socket is dead (45 s in all)."""

WEB_SEND_TIMEOUT_S: Final = 10.0
"""A client that does not read for so long is closed; it resumes later and has lost nothing."""

WEB_POLL_WAIT_S: Final = 25.0
"""Longest wait of the HTTP fallback: proxies cut requests at 30 or 60 seconds."""

WEB_PAGE: Final = 50
"""Messages read at once."""

WEB_REPLAY: Final = 100
"""Messages that a page without memory gets at first; older ones are asked for."""

WEB_TOUCH_S: Final = 300.0
"""How exactly the last sign of a citizen is stored."""

WEB_SWEEP_S: Final = 60.0
"""How often expired secrets are looked for."""

KEEPALIVE_S: Final = 20.0
"""An HTTP connection on which no whole request arrives for so long is closed."""

BODY_TIMEOUT_S: Final = 20.0
"""A request whose body takes longer is given up."""

INDEX_INTERVAL_S: Final = 2.0
"""How often new messages are made searchable for the staff."""

CONSOLE_UPKEEP_S: Final = 60.0
"""How often the cases of staff who are gone are looked for."""

TYPING_EVERY_S: Final = 4.0
"""How often somebody who writes is told to the other side."""

TYPING_SHOWN_S: Final = 7.0
"""How long "is writing" is shown after it was told: a little longer than the pause between two tellings."""

NEWS_PAUSE_S: Final = 0.5
"""A page of the console is told of news at most this often."""

NEWS_HEARTBEAT_S: Final = 15.0
"""How often a silent stream says that it is there: proxies close what is silent for a minute."""

TELEGRAM_PER_SECOND: Final = 30
"""Messages a second in all that Telegram takes from a bot (its FAQ)."""

TELEGRAM_CHAT_PAUSE_S: Final = 1.0
"""Pause between two messages to one chat (its FAQ)."""

TELEGRAM_OVERLAP_S: Final = 0.3
"""A message that is not on record so long after its call began is slow, and the next one goes: three a second at least."""

TELEGRAM_AT_ONCE: Final = 60
"""Messages taken from the outbox that may wait for their turn: two seconds of sending, so that an answer is not behind many notices."""

TELEGRAM_TURN_WAIT_S: Final = 15.0
"""A message that got no turn for so long goes back into the outbox (its claim lasts OUTBOX_LEASE_S)."""

TELEGRAM_CALL_TIMEOUT_S: Final = 10.0
"""A call of the Bot API takes well under a second; after this nobody knows whether it arrived."""

TELEGRAM_POLL_S: Final = 25.0
"""How long Telegram holds a request for updates open when there are none."""

TELEGRAM_POLL_PAUSE_S: Final = 1.0
TELEGRAM_POLL_LONGEST_PAUSE_S: Final = 30.0
"""Pause after a failed request for updates, doubled each time up to the longest."""

TELEGRAM_NO_NETWORK_RETRY_S: Final = 5.0
"""Pause while Telegram cannot be reached at all: such a try does not count, a long outage makes no dead letters."""

TELEGRAM_NO_TOKEN_RETRY_S: Final = 60.0
"""Pause while Telegram refuses our token: somebody must mend the setting."""

TELEGRAM_CONNECTIONS: Final = 40
"""Parallel deliveries of updates to our webhook (Telegram's default; each costs one small commit)."""

TELEGRAM_UPDATE_MAX_BYTES: Final = 512 * 1024
"""Largest update: two messages of 4,096 characters, JSON-escaped, with all their entities."""

TELEGRAM_UPDATES_KEPT_H: Final = 72
"""Hours for which ids of updates are remembered: Telegram keeps updates for 24 h, and citizens may correct for 48 h."""

TELEGRAM_BUTTON_HOURS: Final = 48.0
"""Age from which a button is no longer obeyed: what it proposes may be past."""

TELEGRAM_TYPING_AFTER_S: Final = 0.5
"""An answer that takes longer is announced by "is typing"."""

TELEGRAM_MESSAGES_PER_MINUTE: Final = 60
"""Messages of one citizen: more than one a second could not be answered anyway."""

TELEGRAM_LEASE_BEAT_S: Final = 1.0
TELEGRAM_LEASE_TERM_S: Final = 4.0
"""How often the replica that speaks with Telegram says that it lives, and after what silence another takes over."""

TELEGRAM_DECLINE_EVERY_S: Final = 3_600.0
"""A group is told once an hour at most that we are only for private chats."""

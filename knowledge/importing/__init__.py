"""Reading what others publish (services, offices, offers, municipalities) into layers of the knowledge.

Pure: bytes in, items or errors out; nothing is fetched and nothing is stored. Imported by `bot.commands` and
`bot.feeds`; imports only the shapes of `knowledge`.
"""

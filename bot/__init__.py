"""The Sportello application: a Rasa assistant inside an aiohttp server.

Layers, each importing only those further down: ``channels`` > ``conversations`` > ``assistant`` > ``actions``
> ``appointments`` > ``knowledge`` > ``storage``. Settings, clock, limits and errors may be used by all.
"""

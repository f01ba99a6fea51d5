"""Messages to people when something got worse: webhooks and mail. Off unless the plan's [alerts] names one.

settings.py   what the plan says, and secrets from the environment
messages.py   what there is to tell of an outlook, a message an event
ledger.py     what was told already, and what waits
webhook.py    a POST
mail.py       a letter
send.py       again and again for a while, never for long; what went wrong, without secrets
tell.py       all of it, after a night
"""

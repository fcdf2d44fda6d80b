"""Times of collection: the prompt asks for DD-MM-YYYY HH:MM:SS, models answer as they like."""

import re
from datetime import datetime

__all__ = ["read_time"]

FORMS = ("%d-%m-%Y", "%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y")
CLOCKS = ("%H:%M:%S", "%H:%M", "%I:%M %p", "%I:%M:%S %p")
AMBIGUOUS = "%d/%m/%Y"
"""Day first or month first, by country; only a day after the twelfth tells."""


def read_time(text: str | None) -> str | None:
    """A day, with the time where there is one, in ISO 8601 without a zone; None where it can be read in two ways.

    >>> read_time("05-06-2024 08:30:00"), read_time("2024-06-05"), read_time("13/06/2024 8:30 AM")
    ('2024-06-05T08:30:00', '2024-06-05', '2024-06-13T08:30:00')
    >>> read_time("05/06/2024") is None, read_time("yesterday") is None
    (True, True)
    """
    plain = re.sub(r"(?<=\d)T(?=\d)", " ", " ".join((text or "").split()))
    for form in FORMS:
        if (day := _parsed(plain, form)) is not None:
            return None if form == AMBIGUOUS and day.day <= 12 else day.date().isoformat()
        for clock in CLOCKS:
            if (moment := _parsed(plain, f"{form} {clock}")) is not None:
                return None if form == AMBIGUOUS and moment.day <= 12 else moment.isoformat()
    return None


def _parsed(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)
    except ValueError:
        return None

"""icalendar, which calendar servers and programs read with, reads the calendar that mailgrant wrote.

usage: python reminders.py CONFIG.json
CONFIG: { calendar }
The output is the list of its events: { uid, day, last, summary, description, revision, stamp, alarms }, the alarms in days.
"""

import datetime
import json
import sys

import icalendar

HEAD = {"VERSION", "PRODID"}
EVENT = {"UID", "DTSTAMP", "SEQUENCE", "DTSTART", "SUMMARY", "DESCRIPTION", "TRANSP"}


def unfolded(octets):
    """A calendar's lines as they were before they were folded (RFC 5545 section 3.1)."""
    return octets.replace(b"\r\n ", b"")


def alarm(component):
    """Before the event's start, in days."""
    assert component.name == "VALARM" and str(component["ACTION"]) == "DISPLAY" and component["DESCRIPTION"], component
    before = component["TRIGGER"].dt
    assert before == datetime.timedelta(days=before.days) and before.days < 0, before
    return -before.days


def event(component):
    """What an event says, as the library understands it."""
    assert component.name == "VEVENT" and set(component.keys()) == EVENT, component
    assert not component.errors, component.errors
    start, stamp = component.start, component["DTSTAMP"].dt
    # A date is a whole day; a time with a date in it would be an hour of one.
    assert type(start) is datetime.date, start
    assert stamp.tzinfo is not None and stamp.utcoffset() == datetime.timedelta(0), stamp
    return {
        "uid": str(component["UID"]),
        "day": start.isoformat(),
        "last": (component.end - datetime.timedelta(days=1)).isoformat(),
        "summary": str(component["SUMMARY"]),
        "description": str(component["DESCRIPTION"]),
        "revision": int(component["SEQUENCE"]),
        "stamp": stamp.isoformat(),
        "alarms": [alarm(one) for one in component.subcomponents],
    }


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        config = json.load(file)
    with open(config["calendar"], "rb") as file:
        octets = file.read()
    calendar = icalendar.Calendar.from_ical(octets)
    assert calendar.name == "VCALENDAR" and set(calendar.keys()) == HEAD, calendar
    assert str(calendar["VERSION"]) == "2.0" and not calendar.errors, calendar.errors
    assert all(len(line) <= 75 for line in octets.split(b"\r\n")), octets
    # It escapes as the library does, whose own writing is the same but for the places of the folds.
    assert unfolded(calendar.to_ical(sorted=False)) == unfolded(octets), (calendar.to_ical(sorted=False), octets)
    print(json.dumps([event(one) for one in calendar.subcomponents]))


if __name__ == "__main__":
    main()

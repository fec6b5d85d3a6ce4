# SPDX-License-Identifier: Apache-2.0
"""Texts with something to find in them, for tools/routing_questions. What else of the same kind stands in the text must not be in the answer."""

import re

TASK = "extraction"

FIRST = ("Anna", "Peter", "Maria", "Thomas", "Julia", "Robert", "Sofia", "Martin", "Laura", "Stefan", "Helen", "Oscar", "Clara", "Victor", "Emma", "Daniel")
LAST = ("Berg", "Lindt", "Moreau", "Rossi", "Novak", "Keller", "Silva", "Jansen", "Hughes", "Ortega", "Fischer", "Dubois", "Larsen", "Costa", "Weber", "Young")
CITIES = ("Lyon", "Hamburg", "Porto", "Bergen", "Leeds", "Turin", "Gdansk", "Ghent", "Malaga", "Graz", "Cork", "Aarhus")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
GOODS = ("lamp", "desk", "carpet", "kettle", "radio", "mirror", "jacket", "bicycle", "camera", "blanket")
FOODS = ("bread", "milk", "cheese", "apples", "coffee", "butter", "rice", "tea", "honey", "eggs")
SHOPS = ("Green Corner", "Baker & Sons", "City Market", "The Old Mill", "Sunny Foods", "Harbour Store")
SUBJECTS = ("the budget", "the new website", "the move", "the summer party", "the hiring plan", "the audit")
SERVICES = ("payment", "login", "search", "mailer", "billing", "upload")
FAULTS = ("connection refused", "disk full", "bad certificate", "out of memory", "file not found", "permission denied")


def name(draw):
    return f"{draw.choice(FIRST)} {draw.choice(LAST)}"


def date(draw):
    return f"{draw.randint(2, 28)} {draw.choice(MONTHS)}"


def money(draw):
    return f"{draw.randint(2, 95)}.{draw.choice((10, 20, 25, 40, 50, 75, 95))}"


def clock(draw):
    return f"{draw.randint(8, 19)}:{draw.choice((10, 15, 25, 30, 40, 45, 50))}"


def letter(draw, level):
    first, last = draw.choice(FIRST), draw.choice(LAST)
    values = {"What is the order number?": f"{draw.choice('ABCDEFGH')}-{draw.randint(1000, 9999)}", "In which city does the writer live?": draw.choice(CITIES),
              "What did the writer order?": draw.choice(GOODS), "On which day was the order made?": date(draw)}
    order, city, thing, day = values.values()
    lines = [f"I live in {city} and ordered a {thing} on {day}.", f"The order number is {order}."]
    if level >= 2:
        values["What is the e-mail address?"] = f"{first.lower()}.{last.lower()}@mail.example"
        lines.append(f"Please write to {first.lower()}.{last.lower()}@mail.example.")
    if level >= 3:
        values["On which day did the parcel arrive?"] = other = date(draw)
        lines.insert(1, f"It was promised for the week after, but the parcel only arrived on {other}.")
        values["What is the customer number?"] = number = str(draw.randint(10000, 99999))
        lines.append(f"My customer number is {number}.")
    if level >= 4:
        values["Who opened the parcel?"] = opener = name(draw)
        values["What was in the parcel?"] = found = draw.choice([g for g in GOODS if g != thing])
        lines.insert(2, f"My neighbour {opener} opened it by mistake, and found a {found} in it instead.")
    text = "Hello,\n" + " ".join(lines) + f"\nKind regards,\n{first} {last}"
    values["Who wrote the letter?"] = f"{first} {last}"
    return text, values


def receipt(draw, level):
    items = draw.sample(FOODS, 1 + level)
    prices = [money(draw) for _ in items]
    total = f"{sum(map(float, prices)):.2f}"
    values = {"Which shop is the receipt from?": draw.choice(SHOPS), "What is the total?": total, "What is the date?": f"2026-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"}
    lines = [list(values.values())[0], list(values.values())[2]] + [f"{item} {price}" for item, price in zip(items, prices)]
    for item, price in zip(items, prices):
        values[f"What did the {item} cost?"] = price
    values["What was bought first on the list?"] = items[0]
    lines.append(f"Total {total}")
    if level >= 3:
        values["At what time was it paid?"] = clock(draw)
        lines.insert(2, values["At what time was it paid?"])
    return "\n".join(lines), values


def meeting(draw, level):
    people = draw.sample(FIRST, 1 + level)
    values = {"On which day is the meeting?": draw.choice(WEEKDAYS), "At what time is the meeting?": clock(draw), "In which room is the meeting?": f"{draw.choice('BCDEF')}{draw.randint(10, 48)}",
              "What is the meeting about?": draw.choice(SUBJECTS)}
    day, time, room, subject = values.values()
    text = f"There is a meeting about {subject} on {day} at {time} in room {room}."
    values["Who takes the notes?"] = people[0]
    text += f" {people[0]} takes the notes."
    if level >= 2:
        values["Who brings the projector?"] = people[1]
        text += f" {people[1]} brings the projector."
    if level >= 3:
        values["Who cannot come?"] = people[2]
        values["When does the meeting end?"] = end = f"{int(time.split(':')[0]) + 2}:{draw.choice(('05', '20', '35', '55'))}"
        text += f" {people[2]} cannot come this time. We must be out of the room by {end}, as others need it."
    if level >= 4:
        text += f" Do not confuse it with the talk of {people[3]} on {draw.choice([d for d in WEEKDAYS if d != day])}, which was moved."
        values["Who gives a talk?"] = people[3]
    return text, values


def log(draw, level):
    services = draw.sample(SERVICES, 1 + level)
    faults = draw.sample(FAULTS, 1 + level)
    values, lines = {}, []
    hour = draw.randint(1, 22)
    for place, (service, fault) in enumerate(zip(services, faults)):
        at, host = f"{hour:02}:{10 + place * 9}:{draw.randint(10, 59)}", f"node{draw.randint(11, 99)}"
        lines.append(f"{at} {host} {service}: {fault}")
        values[f"On which host did {service} fail?"] = host
        values[f"At what time did {service} fail?"] = at
        values[f"What was wrong with {service}?"] = fault
    values["Which service failed first?"] = services[0]
    values["Which service failed last?"] = services[-1]
    return "\n".join(lines), values


def kind_of(value):
    patterns = {r"\d+:[\d:]+": "clock", r"\d+\.\d\d": "money", r"\d{4}-\d\d-\d\d": "date", rf"\d+ ({'|'.join(MONTHS)})": "date", r"node\d+": "host"}
    for pattern, kind in patterns.items():
        if re.fullmatch(pattern, value):
            return kind
    lists = {"weekday": WEEKDAYS, "fault": FAULTS, "service": SERVICES, "food": FOODS, "goods": GOODS}
    kind = next((kind for kind, values in lists.items() if value in values), value)
    return "person" if value.split()[0] in FIRST else kind


MAKERS = {"letters": letter, "receipts": receipt, "meetings": meeting, "logs": log}


def questions(draw, count):
    made = []
    for index in range(count):
        domain = tuple(MAKERS)[index % 4]
        level = draw.choices((1, 2, 3, 4), (6, 3, 1, 1))[0]
        text, values = MAKERS[domain](draw, level)
        question = draw.choice(list(values))
        answer = values[question]
        others = sorted({value for value in values.values() if value != answer and kind_of(value) == kind_of(answer)})
        made.append({"domain": domain, "level": level, "text": text, "question": question, "answer": answer, "not": others})
    return {"extraction": made}

# SPDX-License-Identifier: Apache-2.0
"""Sentences to rewrite in ways that have one right outcome, for tools/routing_questions."""

TASK = "rewriting"

PEOPLE = ("She", "He", "My sister", "The teacher", "Our neighbour", "The doctor", "Tom", "Maria")
# Present, past, plain form, what follows; the common ones first.
VERBS = (
    ("walks", "walked", "walk", "to school"), ("plays", "played", "play", "tennis"), ("works", "worked", "work", "in the garden"), ("opens", "opened", "open", "the door"),
    ("cooks", "cooked", "cook", "dinner"), ("cleans", "cleaned", "clean", "the kitchen"), ("watches", "watched", "watch", "television"), ("helps", "helped", "help", "an old man"),
    ("paints", "painted", "paint", "the fence"), ("calls", "called", "call", "the office"), ("goes", "went", "go", "to the market"), ("eats", "ate", "eat", "an apple"),
    ("sees", "saw", "see", "a bird"), ("has", "had", "have", "a cold"), ("makes", "made", "make", "a cake"), ("comes", "came", "come", "home late"),
    ("takes", "took", "take", "the bus"), ("writes", "wrote", "write", "a letter"), ("buys", "bought", "buy", "fresh bread"), ("runs", "ran", "run", "in the park"),
    ("sings", "sang", "sing", "a song"), ("drives", "drove", "drive", "a red car"), ("drinks", "drank", "drink", "green tea"), ("teaches", "taught", "teach", "history"),
    ("sleeps", "slept", "sleep", "on the sofa"), ("swims", "swam", "swim", "across the lake"), ("catches", "caught", "catch", "the ball"), ("brings", "brought", "bring", "the post"),
    ("draws", "drew", "draw", "a horse"), ("seeks", "sought", "seek", "advice"), ("weaves", "wove", "weave", "a basket"), ("strikes", "struck", "strike", "a match"))

# Wrong, right.
SLIPS = (
    ("teh", "the"), ("recieve", "receive"), ("freind", "friend"), ("becuase", "because"), ("tommorow", "tomorrow"), ("wich", "which"), ("beleive", "believe"), ("definately", "definitely"),
    ("seperate", "separate"), ("untill", "until"), ("wierd", "weird"), ("adress", "address"), ("accomodation", "accommodation"), ("occured", "occurred"), ("goverment", "government"),
    ("neccessary", "necessary"), ("enviroment", "environment"), ("calender", "calendar"), ("restaraunt", "restaurant"), ("rythm", "rhythm"), ("embarass", "embarrass"), ("publically", "publicly"))
SLIP_FRAMES = {
    "the": ("Please close {} window.", "We sat under {} old tree."), "receive": ("Did you {} my parcel?", "I hope to {} an answer soon."), "friend": ("He is my best {}.", "A {} lent me his bicycle."),
    "because": ("I stayed home {} it rained.", "She smiled {} she was happy."), "tomorrow": ("We will meet again {}.", "The shop is closed {}."),
    "which": ("I do not know {} way to go.", "Tell me {} bus to take."), "believe": ("I {} that he is right.", "They did not {} the story."), "definitely": ("We will {} come to the party.", "This is {} the right house."),
    "separate": ("Keep the two boxes {}.", "We need {} rooms."), "until": ("Wait here {} I come back.", "The office is open {} six."), "weird": ("That was a {} dream.", "The machine made a {} noise."),
    "address": ("Write your {} on the form.", "I have lost her {}."), "accommodation": ("The price includes {} and meals.", "We found cheap {} near the beach."),
    "occurred": ("The accident {} at night.", "A strange thought {} to me."), "government": ("The {} raised the tax.", "She works for the {}."), "necessary": ("Is it {} to call first?", "Bring the {} papers."),
    "environment": ("Plastic harms the {}.", "They study the {} of the lake."), "calendar": ("The date is in my {}.", "Hang the {} on the wall."), "restaurant": ("We ate in a small {}.", "The {} was full."),
    "rhythm": ("They danced to the {} of the drums.", "Keep the {} steady."), "embarrass": ("I did not want to {} you.", "Questions like that {} him."), "publicly": ("She thanked him {}.", "The numbers were {} known.")}

def tense(draw):
    for place, (present, past, _, rest) in enumerate(VERBS):
        for person in draw.sample(PEOPLE, 3):
            yield 1 + 5 * place // len(VERBS), f"{person} {present} {rest}.", [f"{person} {past} {rest}"]


def negation(draw):
    for place, (present, _, plain, rest) in enumerate(VERBS):
        for person in draw.sample(PEOPLE, 2):
            level = 2 + 3 * place // len(VERBS)
            yield level, f"{person} {present} {rest}.", [f"{person} does not {plain} {rest}", f"{person} doesn't {plain} {rest}"]
    for words in ("tired", "at home", "a good cook", "late", "ill", "my friend", "in the garden", "angry", "afraid of dogs", "ready"):
        person = draw.choice(PEOPLE)
        yield 1, f"{person} is {words}.", [f"{person} is not {words}", f"{person} isn't {words}"]
    for words in ("swim", "play the piano", "speak French", "ride a horse", "cook", "drive a bus", "sing well", "read music"):
        person = draw.choice(PEOPLE)
        yield 1, f"{person} can {words}.", [f"{person} cannot {words}", f"{person} can not {words}", f"{person} can't {words}"]


def spelling(draw):
    made = []
    for place, (wrong, right) in enumerate(SLIPS):
        for frame in SLIP_FRAMES[right]:
            made.append((1 + 3 * place // len(SLIPS), frame, wrong, right))
    for level, frame, wrong, right in made:
        yield level, f"{frame.format(wrong)}", [frame.format(right)]
    for _ in range(22):  # two sentences, two slips
        (_, frame_a, wrong_a, right_a), (_, frame_b, wrong_b, right_b) = draw.sample(made, 2)
        yield 5, f"{frame_a.format(wrong_a)} {frame_b.format(wrong_b)}", [f"{frame_a.format(right_a)} {frame_b.format(right_b)}"]


def questions(draw, count):
    made = {}
    for maker in (tense, negation, spelling):
        by_text = {question: {"domain": maker.__name__, "level": level, "question": question, "answer": answers} for level, question, answers in maker(draw)}
        made[maker.__name__] = list(by_text.values())[:count]
    return made

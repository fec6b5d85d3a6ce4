# SPDX-License-Identifier: Apache-2.0
"""Sums, differences and products for tools/routing_questions, from one digit to what only paper does."""

TASK = "arithmetic"
LEVELS, WEIGHTS = (1, 2, 3, 4, 5), (12, 5, 3, 2, 2)
RANGES = {1: (1, 9), 2: (3, 30), 3: (11, 99), 4: (101, 999), 5: (1001, 99999)}


def sums(draw, level):
    low, high = RANGES[level]
    a, b = draw.randint(low, high), draw.randint(low, high)
    if level == 2:
        b = draw.randint(1, 9)
    return f"{a} + {b}", a + b


def differences(draw, level):
    low, high = RANGES[level]
    a, b = sorted((draw.randint(low, high), draw.randint(low, high)), reverse=True)
    return f"{a} - {b}", a - b


def products(draw, level):
    if level == 1:
        a, b = draw.randint(2, 9), draw.choice((2, 3, 4, 5, 10))
    elif level == 2:
        a, b = draw.randint(3, 12), draw.randint(3, 10)
    elif level == 3:
        a, b = draw.randint(11, 49), draw.randint(3, 9)
    elif level == 4:
        a, b = draw.randint(12, 99), draw.randint(12, 99)
    else:
        a, b = draw.randint(101, 999), draw.randint(21, 99)
    return f"{a} * {b}", a * b


def questions(draw, count):
    """`count` questions, each once."""
    made = {}
    makers = (sums, products, differences)
    while len(made) < count:
        maker = makers[len(made) % len(makers)]
        level = draw.choices(LEVELS, WEIGHTS)[0]
        question, answer = maker(draw, level)
        made.setdefault(question, {"domain": maker.__name__, "level": level, "question": question, "answer": str(answer)})
    return {"arithmetic": list(made.values())}

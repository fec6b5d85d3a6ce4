# SPDX-License-Identifier: Apache-2.0
"""Values for tools/guard_corpus: Faker's, and those with check digits that it does not have; and their disguises."""

import base64
import dataclasses
import string

DIGITS = string.digits
BASE62 = string.ascii_letters + string.digits
HOMOGLYPHS = str.maketrans("aeopcxyABCEHKMOPTX", "аеорсхуАВСЕНКМОРТХ")
FULL_WIDTH = {c: chr(ord(c) + 0xFEE0) for c in string.ascii_letters + string.digits}
VERHOEFF = [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 4, 0, 6, 7, 8, 9, 5], [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
            [3, 4, 0, 1, 2, 8, 9, 5, 6, 7], [4, 0, 1, 2, 3, 9, 5, 6, 7, 8], [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
            [6, 5, 9, 8, 7, 1, 0, 4, 3, 2], [7, 6, 5, 9, 8, 2, 1, 0, 4, 3], [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
            [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]]
CHECKED = ("CARD", "IBAN", "ABA", "NHS", "AADHAAR", "VIN", "NATIONAL_ID")


@dataclasses.dataclass
class Value:
    text: str
    form: str
    wrong: bool = False


def luhn(digits):
    total = sum(sum(divmod(int(d) * (1 + i % 2), 10)) for i, d in enumerate(reversed(digits)))
    return total % 10 == 0


def verhoeff(digits):
    def permuted(place, digit):
        for _ in range(place % 8):
            digit = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4][digit]
        return digit
    state = 0
    for place, digit in enumerate(reversed(digits)):
        state = VERHOEFF[state][permuted(place, int(digit))]
    return state == 0


def weighted(digits, weights):
    return sum(int(d) * w for d, w in zip(digits, weights))


def vin_check(vin):
    values = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9,
                                                             *range(10)]))
    total = sum(values[c] * w for c, w in zip(vin, [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]))
    return "0123456789X"[total % 11]


def is_cpf(d):
    return (weighted(d, range(10, 1, -1)) * 10 % 11 % 10, weighted(d, range(11, 1, -1)) * 10 % 11 % 10) == (int(d[9]), int(d[10]))


def is_pesel(d):
    return -weighted(d, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10 == int(d[10]) and 1 <= int(d[2:4]) % 20 <= 12 and 1 <= int(d[4:6]) <= 31


def grouped(text, sizes, separator):
    out, at = [], 0
    for size in sizes:
        out.append(text[at:at + size])
        at += size
    return separator.join(part for part in [*out, text[at:]] if part)


class Values:
    def __init__(self, fake, locale, draw):
        self.fake, self.locale, self.draw = fake, locale, draw

    def digits(self, count):
        return "".join(self.draw.choice(DIGITS) for _ in range(count))

    def until(self, holds, make):
        while True:
            value = make()
            if holds(value):
                return value

    def make(self, kind, negative):
        value = getattr(self, kind.lower())()
        if not negative or kind not in CHECKED:
            return value
        while True:  # off by one in the last place, where a letter is the next one
            last = max(i for i, c in enumerate(value.text) if c.isalnum())
            c = value.text[last]
            follows = DIGITS + "0" if c in DIGITS else string.ascii_uppercase + "A"
            if c in DIGITS or c in string.ascii_uppercase:
                wrong = value.text[:last] + follows[follows.index(c) + 1] + value.text[last + 1:]
                bare = "".join(c for c in wrong if c.isdigit())
                inside = kind == "CARD" and (luhn(bare[:16]) or luhn(bare[:12]))
                elsewhere = len(bare) == 11 and (is_cpf(bare) or is_pesel(bare))
                if not inside and not elsewhere:
                    return Value(wrong, value.form, True)
            value = getattr(self, kind.lower())()

    def choose(self, forms):
        form = self.draw.choice(list(forms))
        return Value(forms[form](), form)

    def person(self):
        first, last = self.fake.first_name(), self.fake.last_name()
        return self.choose({"given family": lambda: f"{first} {last}", "family, given": lambda: f"{last}, {first}",
                            "initial family": lambda: f"{first[0]}. {last}", "given initial family": lambda: f"{first} {last[0].upper()}. {last}"})

    def address(self):
        whole = self.fake.address()
        return self.choose({"lines": lambda: whole, "one line": lambda: ", ".join(whole.split("\n")),
                            "street": lambda: self.fake.street_address().replace("\n", ", ")})

    def organisation(self):
        return Value(self.fake.company(), "company")

    def phone(self):
        return Value(self.fake.phone_number(), "phone")

    def email(self):
        return self.choose({"email": self.fake.email, "company email": self.fake.company_email})

    def ip(self):
        return self.choose({"IPv4": self.fake.ipv4, "IPv6": self.fake.ipv6})

    def mac(self):
        return self.choose({"colons": self.fake.mac_address, "dashes": lambda: self.fake.mac_address().replace(":", "-")})

    def coordinates(self):
        lat, lon = self.draw.uniform(-60, 70), self.draw.uniform(-180, 180)
        return self.choose({"decimal": lambda: f"{lat:.5f}, {lon:.5f}",
                            "directions": lambda: f"{abs(lat):.4f}° {'NS'[lat < 0]}, {abs(lon):.4f}° {'EW'[lon < 0]}",
                            "minutes": lambda: f"{abs(int(lat))}°{self.draw.randrange(60)}'{self.draw.randrange(60)}\"{'NS'[lat < 0]} "
                                               f"{abs(int(lon))}°{self.draw.randrange(60)}'{self.draw.randrange(60)}\"{'EW'[lon < 0]}"})

    def vin(self):
        letters = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
        vin = "".join(self.draw.choice(letters) for _ in range(11)) + self.digits(6)
        return Value("1H" + vin[2:8] + vin_check("1H" + vin[2:]) + vin[9:], "plain")

    def birth_date(self):
        date = self.fake.date_of_birth(minimum_age=18, maximum_age=90)
        day = "%m/%d/%Y" if self.locale == "en_US" else "%d.%m.%Y" if self.locale in ("de_DE", "pl_PL") else "%d/%m/%Y"
        return self.choose({"local": lambda: date.strftime(day), "ISO": date.isoformat,
                            "dashes": lambda: date.strftime("%d-%m-%Y")})

    def card(self):
        digits = self.until(lambda d: len(d) != 12 or not verhoeff(d), self.fake.credit_card_number)  # of one kind only
        sizes = (4, 6, 5) if len(digits) == 15 else (4, 6, 4) if len(digits) == 14 else (4, 4, 4, 4)
        return self.choose({"plain": lambda: digits, "spaces": lambda: grouped(digits, sizes, " "),
                            "dashes": lambda: grouped(digits, sizes, "-")})

    def iban(self):
        iban = self.fake.iban()
        return self.choose({"plain": lambda: iban, "spaces": lambda: grouped(iban, [4] * 9, " ")})

    def aba(self):
        def make():
            return self.draw.choice(("02", "03", "06", "07", "11", "12", "25", "31")) + self.digits(7)
        return Value(self.until(lambda d: weighted(d, [3, 7, 1] * 3) % 10 == 0, make), "plain")

    def nhs(self):
        digits = self.until(lambda d: -weighted(d, range(10, 1, -1)) % 11 == int(d[9]), lambda: self.digits(10))
        return self.choose({"plain": lambda: digits, "spaces": lambda: grouped(digits, (3, 3), " ")})

    def aadhaar(self):
        digits = self.until(lambda d: verhoeff(d) and not luhn(d), lambda: self.draw.choice("23456789") + self.digits(11))
        return self.choose({"plain": lambda: digits, "spaces": lambda: grouped(digits, (4, 4), " ")})

    def ssn(self):
        digits = f"{self.draw.choice([*range(1, 666), *range(667, 900)]):03}{self.draw.randrange(1, 100):02}{self.draw.randrange(1, 10000):04}"
        return self.choose({"dashes": lambda: grouped(digits, (3, 2), "-"), "plain": lambda: digits,
                            "spaces": lambda: grouped(digits, (3, 2), " ")})

    def national_id(self):
        make = {"de_DE": self.german_tax, "fr_FR": self.nir, "es_ES": self.dni, "it_IT": self.fake.ssn, "nl_NL": self.bsn,
                "pl_PL": self.pesel, "pt_BR": self.cpf, "sv_SE": self.personnummer}.get(self.locale, self.dni)
        return Value(make(), "of " + self.locale)

    def german_tax(self):
        digits, product = self.draw.choice("123456789") + self.digits(9), 10
        for digit in digits:
            product = ((int(digit) + product) % 10 or 10) * 2 % 11
        return digits + str((11 - product) % 10)

    def nir(self):
        body = f"{self.draw.choice('12')}{self.digits(2)}{self.draw.randrange(1, 13):02}{self.draw.randrange(1, 95):02}{self.digits(6)}"
        whole = f"{body}{97 - int(body) % 97:02}"
        return self.draw.choice((whole, grouped(whole, (1, 2, 2, 2, 3, 3), " ")))

    def dni(self):
        number = self.draw.randrange(10_000_000, 100_000_000)
        return f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"

    def bsn(self):
        return self.until(lambda d: weighted(d, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 == 0, lambda: self.draw.choice("123456789") + self.digits(8))

    def pesel(self):
        date = self.fake.date_of_birth(minimum_age=27, maximum_age=90)
        return self.until(is_pesel, lambda: date.strftime("%y%m%d") + self.digits(5))

    def cpf(self):
        digits = self.until(is_cpf, lambda: self.digits(11))
        return self.draw.choice((digits, f"{digits[:3]}.{digits[3:6]}.{digits[6:9]}-{digits[9:]}"))

    def personnummer(self):
        date = self.fake.date_of_birth(minimum_age=18, maximum_age=90)
        digits = self.until(lambda d: luhn(d[-10:]), lambda: date.strftime("%y%m%d") + self.digits(4))
        return f"{digits[:-4]}-{digits[-4:]}"

    def password(self):
        marks = "!#$%&*+-?_"
        words = ("river", "lamp", "tiger", "cloud", "stone", "violet")
        return self.choose({"chance": lambda: "".join(self.draw.choice(BASE62 + marks) for _ in range(11)) + self.draw.choice(DIGITS),
                            "word": lambda: self.draw.choice(words).title() + self.draw.choice(marks) + self.digits(4)})

    def letters(self, count, alphabet=BASE62):
        return "".join(self.draw.choice(alphabet) for _ in range(count))

    def token(self):
        def web():
            def part(data):
                return base64.urlsafe_b64encode(data).decode().rstrip("=")
            return ".".join((part(b'{"alg":"HS256","typ":"JWT"}'), part(f'{{"sub":"{self.digits(10)}"}}'.encode()),
                             part(self.draw.randbytes(32))))
        return self.choose({"AWS": lambda: "AKIA" + self.letters(16, string.ascii_uppercase + "234567"),
                            "GitHub": lambda: "ghp_" + self.letters(36), "OpenAI": lambda: "sk-" + self.letters(48),
                            "Slack": lambda: f"xoxb-{self.digits(11)}-{self.digits(12)}-{self.letters(24)}",
                            "Stripe": lambda: "sk_live_" + self.letters(24), "Google": lambda: "AIza" + self.letters(35),
                            "JWT": web, "chance": lambda: self.letters(40), "hexadecimal": lambda: self.letters(40, "0123456789abcdef")})

    def private_key(self):
        body = base64.b64encode(self.draw.randbytes(600)).decode()
        lines = "\n".join(body[i:i + 64] for i in range(0, len(body), 64))
        label = self.draw.choice(("RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"))
        return Value(f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----", label)

    def url_credentials(self):
        scheme = self.draw.choice(("postgres", "https", "ftp", "amqp", "mongodb+srv"))
        return Value(f"{scheme.split('+')[-1]}://{self.fake.user_name()}:{self.letters(10)}@db{self.digits(2)}.example.com", scheme)

    def disguise(self, kind, text):
        """How a value is made hard to find; what leaves it as it is counts as none."""
        ways = {"none": lambda t: t, "full width": lambda t: "".join(FULL_WIDTH.get(c, c) for c in t),
                "zero width": lambda t: "\u200b".join((t[:len(t) // 3], t[len(t) // 3:len(t) // 2], t[len(t) // 2:])),
                "look-alikes": lambda t: t.translate(HOMOGLYPHS), "no-break spaces": lambda t: t.replace(" ", "\u00a0"),
                "other dashes": lambda t: t.replace("-", "\u2011"),
                "Arabic digits": lambda t: "".join(chr(0x660 + int(c)) if c in DIGITS else c for c in t)}
        if kind == "EMAIL":
            ways["spelled"] = lambda t: t.replace("@", " (at) ").replace(".", " (dot) ")
        if kind in ("PRIVATE_KEY", "URL_CREDENTIALS", "PASSWORD", "TOKEN") or self.draw.random() < 0.5:
            return "none", text
        way = self.draw.choice(list(ways))
        changed = ways[way](text)
        return (way, changed) if changed != text else ("none", text)

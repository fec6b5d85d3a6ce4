# SPDX-License-Identifier: Apache-2.0
"""JSON Schemas with texts that are valid by them and texts that are not, as jsonschema (2020-12, with formats) says.

40 schemas are written by hand after what people ask models for, the others come from a seeded generator. Valid values are drawn
from the schema, with members in its order; invalid ones are valid ones with something changed, that jsonschema refuses.

Writes tests/golden/json_schemas.jsonl: {"schema", "valid": [text], "invalid": [text]}, 200 lines with 20 of each.

Run: python json_schemas.py
"""

import copy
import json
import random

import jsonschema

import common
from schema_examples import BY_HAND, FORMATS, PATTERNS

COUNT = 200
TEXTS = 20
WORDS = ("red green blue apple pear Berlin Zürich 東京 Łódź alpha beta gamma quick brown fox invoice order urgent low high "
         "customer a b c x1 naïve emoji😀 tab\there line\nend quote\"s back\\slash").split(" ")
NAMES = ("name id title kind count price tags items address city street active score notes email created parent value unit "
         "status level first last total").split()


# ---- valid values ----

class Sampler:
    """Values that are valid by a schema; only of the keywords that the schemas here use."""

    def __init__(self, root, rng):
        self.root = root
        self.rng = rng

    def resolve(self, schema):
        while isinstance(schema, dict) and "$ref" in schema:
            target = self.root
            for part in schema["$ref"].removeprefix("#").split("/")[1:]:
                target = target[part]
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            schema = {**target, **rest} if rest else target
        if isinstance(schema, dict) and "allOf" in schema:
            merged = {key: value for key, value in schema.items() if key != "allOf"}
            for part in schema["allOf"]:
                part = self.resolve(part)
                for key, value in part.items():
                    if key == "properties":
                        merged["properties"] = {**merged.get("properties", {}), **value}
                    elif key == "required":
                        merged["required"] = merged.get("required", []) + value
                    else:
                        merged[key] = value
            schema = merged
        return schema

    def sample(self, schema, depth=0):
        rng = self.rng
        schema = self.resolve(schema)
        if schema is True or schema == {}:
            return self.anything(depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return rng.choice(schema["enum"])
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                branches = [self.resolve(branch) for branch in schema[keyword]]
                # Deep down, what does not go on.
                flat = [b for b in branches if b.get("type") not in ("object", "array")] if depth > 3 else []
                rest = {key: value for key, value in schema.items() if key != keyword}
                chosen = rng.choice(flat or branches)
                both = {**rest, **chosen}
                if "properties" in rest and "properties" in chosen:
                    both["properties"] = {**rest["properties"], **chosen["properties"]}
                if "required" in rest and "required" in chosen:
                    both["required"] = rest["required"] + chosen["required"]
                return self.sample(both, depth)
        kind = schema.get("type") or self.kind(schema)
        if isinstance(kind, list):
            kind = rng.choice(kind)
        return getattr(self, kind)(schema, depth)

    @staticmethod
    def kind(schema):
        if "properties" in schema or "additionalProperties" in schema:
            return "object"
        if "items" in schema or "prefixItems" in schema:
            return "array"
        if "pattern" in schema or "minLength" in schema or "maxLength" in schema or "format" in schema:
            return "string"
        return "number"

    def anything(self, depth):
        values = [None, True, 3, -2.5, "text", "", [], {}, [1, "a"], {"k": {"n": None}}]
        return copy.deepcopy(self.rng.choice(values[:6] if depth > 3 else values))

    def null(self, schema, depth):
        return None

    def boolean(self, schema, depth):
        return self.rng.random() < 0.5

    def integer(self, schema, depth):
        return self.whole(schema)

    def bounds(self, schema, step, edge=1):
        low = schema.get("minimum", schema["exclusiveMinimum"] + edge if "exclusiveMinimum" in schema else None)
        high = schema.get("maximum", schema["exclusiveMaximum"] - edge if "exclusiveMaximum" in schema else None)
        if low is None:
            low = (high if high is not None else 0) - step * self.rng.choice([1, 10, 1000])
        if high is None:
            high = low + step * self.rng.choice([1, 10, 1000, 100000])
        return low, high

    def whole(self, schema):
        step = schema.get("multipleOf", 1)
        low, high = self.bounds(schema, step)
        first, last = -(-low // step), high // step
        return int(self.rng.choice([first, last, self.rng.randint(int(first), int(last))])) * step

    def number(self, schema, depth):
        if "multipleOf" in schema or self.rng.random() < 0.3:
            low, high = self.bounds(schema, 1, 0.5)
            if -(-low // 1) <= high // 1:
                return self.whole({**schema, "minimum": -(-low // 1), "maximum": high // 1})
        low, high = self.bounds(schema, 1, 0.001)
        digits = self.rng.randint(1, 4)
        value = round(low + self.rng.random() * (high - low), digits)
        return round(min(max(value, low), high), 6)

    def string(self, schema, depth):
        rng = self.rng
        low, high = schema.get("minLength", 0), schema.get("maxLength", 10**6)
        if "pattern" in schema:
            return rng.choice([text for text in PATTERNS[schema["pattern"]] if low <= len(text) <= high])
        if "format" in schema:
            return rng.choice(FORMATS[schema["format"]])
        text = " ".join(rng.choice(WORDS) for _ in range(rng.randint(0, 3)))
        while len(text) < low:
            text += rng.choice(WORDS)
        return text[: rng.choice([high, max(low, 1) if low <= 1 <= high else high])] if len(text) > high else text

    def array(self, schema, depth):
        rng = self.rng
        first = schema.get("prefixItems", [])
        rest = schema.get("items", {})
        low = schema.get("minItems", 0)
        high = schema.get("maxItems", max(low, len(first)) + (0 if depth > 3 else 3))
        if rest is False:
            high = min(high, len(first))
        count = rng.choice([low, high, rng.randint(low, high)])
        return [self.sample(first[i] if i < len(first) else rest, depth + 1) for i in range(count)]

    def object(self, schema, depth):
        rng = self.rng
        properties = schema.get("properties", {})
        required = schema.get("required", [])
        out = {}
        for name, of in properties.items():
            if of is False:
                continue
            if name in required or rng.random() < (0.2 if depth > 3 else 0.6):
                out[name] = self.sample(of, depth + 1)
        others = schema.get("additionalProperties", None if properties else {})
        for name in required:
            if name not in out:
                out[name] = self.sample(others or {}, depth + 1)
        low, high = schema.get("minProperties", 0), schema.get("maxProperties", len(out) + 2)
        if others is not None and others is not False:
            spare = [f"{name}{rng.choice(['', '_x', ' 2', 'ü'])}" for name in NAMES]
            rng.shuffle(spare)
            wanted = rng.randint(max(low, len(out)), max(high, len(out)))
            while len(out) < wanted:
                name = spare.pop()
                if name not in properties:
                    out[name] = self.sample(others, depth + 1)
        return out


# ---- invalid values ----

WRONG = [None, True, False, 0, -1, 7, 123456789, -98765.4321, 1.5, "", "x", "not what was asked for, and rather long " * 3, [],
         [None], ["a", "a", 1], {}, {"unexpected": 1}]


def places(value, path=()):
    yield path
    if isinstance(value, dict):
        for key, inside in value.items():
            yield from places(inside, path + (key,))
    elif isinstance(value, list):
        for index, inside in enumerate(value):
            yield from places(inside, path + (index,))


def changed(value, rng):
    value = copy.deepcopy(value)
    path = rng.choice(list(places(value)))
    if not path:
        parent, key = [value], 0
    else:
        parent = value
        for part in path[:-1]:
            parent = parent[part]
        key = path[-1]
    at = parent[key]
    kind = rng.randrange(6)
    if kind == 0 and isinstance(parent, dict):
        del parent[key]
    elif kind == 1 and isinstance(at, dict):
        at["unexpected"] = rng.choice(WRONG)
    elif kind == 2 and isinstance(at, list):
        at.extend(copy.deepcopy(at) + [rng.choice(WRONG)] if at else [rng.choice(WRONG)])
    elif kind == 3 and isinstance(at, str):
        parent[key] = rng.choice([at + "!", at[:-1], at.upper(), at * 5, " " + at])
    elif kind == 4 and isinstance(at, (int, float)) and not isinstance(at, bool):
        parent[key] = rng.choice([-at - 1, at + 0.5, at * 1000 + 1, at - 1, at + 1, str(at)])
    else:
        parent[key] = copy.deepcopy(rng.choice(WRONG))
    return parent[0] if not path else value


def texts(schema, rng):
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    validator.check_schema(schema)
    sampler = Sampler(schema, rng)
    layouts = [{}, {"separators": (",", ":")}, {"indent": 2}, {"indent": 4}]

    def spelled(value):
        return json.dumps(value, ensure_ascii=False, **rng.choice(layouts))

    valid, invalid = [], []
    for _ in range(TEXTS):
        value = sampler.sample(schema)
        validator.validate(value)
        valid.append(spelled(value))
    for _ in range(20000):
        value = changed(sampler.sample(schema), rng)
        if not validator.is_valid(value):
            text = spelled(value)
            if text not in invalid:
                invalid.append(text)
        if len(invalid) == TEXTS:
            return valid, invalid
    raise SystemExit(f"only {len(invalid)} invalid texts: {json.dumps(schema)}")


# ---- schemas ----

class SchemaMaker:
    def __init__(self, rng):
        self.rng = rng

    def schema(self, depth):
        rng = self.rng
        makers = [self.string, self.integer, self.number, self.enum, self.const, self.boolean]
        if depth > 0:
            makers += [self.object, self.object, self.array, self.array, self.map, self.any_of, self.tuple, self.one_of]
        return rng.choice(makers)(depth)

    def string(self, depth):
        rng = self.rng
        kind = rng.randrange(5)
        if kind == 0:
            return {"type": "string", "pattern": rng.choice(list(PATTERNS))}
        if kind == 1:
            return {"type": "string", "format": rng.choice(list(FORMATS))}
        if kind == 2:
            low = rng.randint(0, 5)
            return {"type": "string", "minLength": low, "maxLength": low + rng.choice([0, 3, 20, 300])}
        return rng.choice([{"type": "string"}, {"type": "string", "minLength": 1}, {"type": ["string", "null"]}])

    def integer(self, depth):
        rng = self.rng
        low = rng.choice([0, 1, -10, -1000, 18, 7, 1990])
        high = low + rng.choice([1, 5, 9, 99, 12345])
        schema = {"type": "integer"}
        if rng.random() < 0.7:
            schema[rng.choice(["minimum", "exclusiveMinimum"])] = low
        if rng.random() < 0.6:
            schema[rng.choice(["maximum", "exclusiveMaximum"])] = high + 1
        if rng.random() < 0.2:
            schema["multipleOf"] = rng.choice([2, 5, 7, 10])
            schema.pop("exclusiveMinimum", None)
            schema.pop("exclusiveMaximum", None)
            if "maximum" in schema:
                schema["maximum"] = low + 100
        return schema

    def number(self, depth):
        rng = self.rng
        schema = {"type": "number"}
        low = rng.choice([0, -1, 0.5, -273.15, 0.001, 100])
        if rng.random() < 0.7:
            schema[rng.choice(["minimum", "exclusiveMinimum"])] = low
        if rng.random() < 0.6:
            schema[rng.choice(["maximum", "exclusiveMaximum"])] = round(low + rng.choice([1, 99.5, 1e6, 0.125]), 4)
        return schema

    def boolean(self, depth):
        return {"type": "boolean"}

    def enum(self, depth):
        values = ["low", "medium", "high", "Zürich", "a \"b\"", 1, 2.5, None, True]
        return {"enum": self.rng.sample(values, self.rng.randint(1, 5))}

    def const(self, depth):
        return {"const": self.rng.choice(["fixed", 42, None, False, {"a": [1, 2]}, ["x", 1.5]])}

    def object(self, depth):
        rng = self.rng
        names = rng.sample(NAMES, rng.randint(1, 5))
        schema = {"type": "object", "properties": {name: self.schema(depth - 1) for name in names}}
        schema["required"] = [name for name in names if rng.random() < 0.6]
        schema["additionalProperties"] = rng.choice([False, False, False, {"type": "integer"}])
        if rng.random() < 0.2:
            del schema["additionalProperties"]
        return schema

    def map(self, depth):
        rng = self.rng
        low = rng.randint(0, 1)
        return {"type": "object", "additionalProperties": self.schema(depth - 1), "minProperties": low,
                "maxProperties": low + rng.randint(1, 3)}

    def array(self, depth):
        rng = self.rng
        low = rng.randint(0, 3)
        schema = {"type": "array", "items": self.schema(depth - 1), "minItems": low, "maxItems": low + rng.randint(0, 4)}
        if rng.random() < 0.3:
            del schema["maxItems"]
        return schema

    def tuple(self, depth):
        rng = self.rng
        first = [self.schema(depth - 1) for _ in range(rng.randint(1, 3))]
        return {"type": "array", "prefixItems": first, "items": rng.choice([False, {"type": "boolean"}]),
                "minItems": rng.randint(0, len(first))}

    def any_of(self, depth):
        return {"anyOf": [self.schema(depth - 1) for _ in range(self.rng.randint(2, 3))]}

    def one_of(self, depth):
        branches = []
        for index in range(self.rng.randint(2, 3)):
            branches.append({"type": "object", "properties": {"type": {"const": f"kind{index}"},
                                                              "value": self.schema(depth - 1)},
                             "required": ["type", "value"], "additionalProperties": False})
        return {"oneOf": branches}

    def whole(self):
        """With definitions that are referred to, now and then, and refer to themselves."""
        rng = self.rng
        schema = rng.choice([self.object, self.object, self.array, self.map, self.any_of, self.one_of])(3)
        if rng.random() < 0.25 and "properties" in schema:
            schema["$defs"] = {"leaf": self.schema(1), "tree": {
                "type": "object", "properties": {"value": {"$ref": "#/$defs/leaf"},
                                                 "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}, "maxItems": 2}},
                "required": ["value"], "additionalProperties": False}}
            schema["properties"]["tree"] = {"$ref": "#/$defs/tree"}
        return schema


def main():
    rng = random.Random(20261126)
    maker = SchemaMaker(rng)
    schemas = list(BY_HAND)
    while len(schemas) < COUNT:
        schemas.append(maker.whole())
    lines = []
    for schema in schemas:
        valid, invalid = texts(schema, rng)
        lines.append({"schema": schema, "valid": valid, "invalid": invalid})
    common.write_text("json_schemas.jsonl", "".join(common.ascii_line(line) + "\n" for line in lines), 1_500_000, __file__,
                      versions=common.versions("jsonschema", "rfc3339-validator", "rfc3986-validator"))


if __name__ == "__main__":
    main()

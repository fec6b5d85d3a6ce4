# SPDX-License-Identifier: Apache-2.0
"""Patterns and formats with strings that fit them, and schemas after what people ask models for."""

PATTERNS = {
    "^[A-Z]{3}-\\d{4}$": ["ABC-1234", "XYZ-0000"],
    "^[a-z][a-z0-9_]*$": ["a", "snake_case_2", "x"],
    "^(\\+49|0)[1-9]\\d{3,12}$": ["+491234", "0301234567", "+4915112345678"],
    "^#(?:[0-9a-fA-F]{3}){1,2}$": ["#fff", "#00FFaa"],
    "^v?\\d+\\.\\d+(\\.\\d+)?$": ["1.0", "v2.13.4", "10.20.30"],
    "cat|dog": ["a cat sat", "dog", "hotdog stand", "concatenate"],
    "^\\S+$": ["word", "naïve", "x-y_z"],
    "[.!?]$": ["Done.", "Really?", "Yes! No!"],
    "^(yes|no|maybe)$": ["yes", "no", "maybe"],
    "^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$": ["a@b.de", "first.last@example.org"],
    "^\\d{1,3}(,\\d{3})*$": ["7", "1,000", "12,345,678"],
    "^[\\w.-]{2,40}$": ["ab", "file-name.txt", "a.b-c_d"],
    "^[A-ZÄÖÜ][a-zäöüß]+$": ["Äpfel", "Zoo", "Straße"],
    "^\"[^\"]*\"$": ["\"quoted\"", "\"\""],
    "^C:\\\\[a-z]+$": ["C:\\temp", "C:\\a"],
}

FORMATS = {
    "date": ["2026-11-26", "2024-02-29", "1999-12-31"],
    "date-time": ["2026-11-26T12:00:00Z", "2024-02-29T23:59:59.123+01:00"],
    "time": ["08:30:00Z", "23:59:59+02:00"],
    "email": ["a@example.org", "first.last+tag@mail.example.com"],
    "hostname": ["example.org", "a-b.c", "localhost"],
    "ipv4": ["127.0.0.1", "255.255.255.0", "8.8.8.8"],
    "ipv6": ["::1", "2001:db8::8a2e:370:7334", "fe80::", "1:2:3:4:5:6:7:8"],
    "uuid": ["123e4567-e89b-12d3-a456-426614174000"],
    "uri": ["https://example.org", "http://example.org:8080/a/b?x=1&y=%20#frag"],
    "duration": ["P1Y2M3D", "PT15M", "P2W", "P1DT12H"],
    "json-pointer": ["", "/a/b/0", "/~0/~1"],
}


def fields(properties, required=None, **more):
    return {"type": "object", "properties": properties, "required": list(properties) if required is None else required,
            "additionalProperties": False, **more}


TEXT = {"type": "string"}
SHORT = {"type": "string", "minLength": 1, "maxLength": 40}
MONEY = fields({"amount": {"type": "number", "minimum": 0}, "currency": {"enum": ["EUR", "USD", "GBP"]}})
ADDRESS = fields({"street": SHORT, "number": {"type": "string", "pattern": "^[\\w.-]{2,40}$"}, "city": SHORT,
                  "country": {"type": "string", "minLength": 2, "maxLength": 2}}, ["street", "city"])

BY_HAND = [
    # Extraction.
    fields({"name": SHORT, "age": {"type": "integer", "minimum": 0, "maximum": 130}}),
    fields({"name": SHORT, "email": {"type": "string", "format": "email"}, "address": ADDRESS}, ["name"]),
    fields({"invoice": {"type": "string", "pattern": "^[A-Z]{3}-\\d{4}$"}, "date": {"type": "string", "format": "date"},
            "lines": {"type": "array", "items": fields({"text": SHORT, "count": {"type": "integer", "minimum": 1},
                                                        "price": MONEY}), "minItems": 1, "maxItems": 5},
            "total": MONEY}),
    fields({"people": {"type": "array", "items": fields({"first": SHORT, "last": SHORT}, ["last"])},
            "places": {"type": "array", "items": TEXT}}),
    {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 10},
    {"type": "array", "items": {"type": "number"}},
    {"type": "array", "items": fields({"entity": TEXT, "kind": {"enum": ["person", "place", "organisation"]}})},
    # Classification.
    fields({"sentiment": {"enum": ["positive", "neutral", "negative"]}}),
    fields({"label": {"enum": ["spam", "ham"]}, "confidence": {"type": "number", "minimum": 0, "maximum": 1}}),
    fields({"intent": {"const": "set_alarm"}, "time": {"type": "string", "format": "time"},
            "days": {"type": "array", "items": {"enum": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}, "maxItems": 7}},
           ["intent", "time"]),
    {"enum": ["yes", "no"]},
    {"type": "boolean"},
    {"type": "integer", "minimum": 1, "maximum": 5},
    {"type": "number", "exclusiveMinimum": 0, "maximum": 100},
    {"type": "string", "maxLength": 80},
    # Tools and plans.
    fields({"tool": {"const": "weather"}, "arguments": fields({"city": SHORT, "unit": {"enum": ["C", "F"]}}, ["city"])}),
    {"oneOf": [fields({"tool": {"const": "search"}, "query": SHORT}),
               fields({"tool": {"const": "open"}, "url": {"type": "string", "format": "uri"}}),
               fields({"tool": {"const": "stop"}})]},
    {"anyOf": [fields({"answer": TEXT}), fields({"error": TEXT, "code": {"type": "integer"}}, ["error"])]},
    fields({"steps": {"type": "array", "items": fields({"title": SHORT, "minutes": {"type": "integer", "multipleOf": 5,
                                                                                  "minimum": 5, "maximum": 120}}),
                      "minItems": 2, "maxItems": 6}}),
    # Meetings.
    fields({"summary": TEXT, "actions": {"type": "array", "items": fields(
        {"who": SHORT, "what": SHORT, "due": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}})}}),
    # Diagnostics.
    fields({"sensor": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}, "at": {"type": "string", "format": "date-time"},
            "value": {"type": "number", "minimum": -273.15}, "alarm": {"type": "boolean"}}),
    fields({"host": {"type": "string", "format": "hostname"}, "v4": {"type": "string", "format": "ipv4"},
            "v6": {"type": "string", "format": "ipv6"}}, ["host"]),
    fields({"id": {"type": "string", "format": "uuid"}, "version": {"type": "string", "pattern": "^v?\\d+\\.\\d+(\\.\\d+)?$"},
            "timeout": {"type": "string", "format": "duration"}}),
    # Shapes of schemas.
    {"type": "object"},
    {"type": "object", "additionalProperties": {"type": "integer"}},
    {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": {"type": "string"}},
    {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a", "b"], "additionalProperties": True},
    {"type": "object", "additionalProperties": TEXT, "minProperties": 1, "maxProperties": 3},
    {"type": ["string", "null"], "maxLength": 5},
    {"type": ["integer", "boolean"]},
    {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}, TEXT], "items": False, "minItems": 2},
    {"type": "array", "prefixItems": [{"const": "point"}], "items": {"type": "number"}, "minItems": 3, "maxItems": 4},
    {"$defs": {"node": {"type": "object", "properties": {"value": {"type": "integer"}, "next": {
        "anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}, "required": ["value", "next"], "additionalProperties": False}},
     "$ref": "#/$defs/node"},
    {"definitions": {"expression": {"oneOf": [{"type": "number"}, fields(
        {"op": {"enum": ["+", "-", "*"]}, "left": {"$ref": "#/definitions/expression"},
         "right": {"$ref": "#/definitions/expression"}})]}}, "$ref": "#/definitions/expression"},
    {"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
               {"properties": {"b": {"type": "integer", "minimum": 3}}, "required": ["b"]}]},
    {"type": "object", "properties": {"kind": TEXT}, "required": ["kind"],
     "anyOf": [{"properties": {"size": {"type": "integer"}}, "required": ["size"]},
               {"properties": {"name": TEXT}, "required": ["name"]}]},
    {"type": "string", "pattern": "^[\\w.-]{2,40}$", "minLength": 3, "maxLength": 12},
    {"type": "string", "minLength": 200, "maxLength": 400},
    {"title": "Settings", "description": "With remarks.", "$schema": "https://json-schema.org/draft/2020-12/schema",
     "type": "object", "properties": {"dark mode": {"type": "boolean", "default": False, "description": "In the evening"},
                                      "naïve \"key\"": {"type": "integer", "examples": [1]}}, "additionalProperties": False},
    {"type": "object", "properties": {f"field{i}": {"type": "integer"} for i in range(30)}, "additionalProperties": False},
]

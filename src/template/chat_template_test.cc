// SPDX-License-Identifier: Apache-2.0
// The language of chat templates, construct by construct. What is expected here is what Jinja 3.1
// with the settings of transformers prints.
#include "template/chat_template.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth {
namespace {

TemplateObject test_variables() {
  const TemplateArray numbers{{int64_t{3}}, {int64_t{1}}, {int64_t{2}}};
  const TemplateArray messages{
      {TemplateObject{{"role", {std::string("system")}}, {"content", {std::string(" sys ")}}}},
      {TemplateObject{{"role", {std::string("user")}}, {"content", {std::string("hi")}}}},
      {TemplateObject{{"role", {std::string("assistant")}}, {"content", {}}}}};
  return {{"x", {int64_t{5}}},
          {"f", {2.5}},
          {"s", {std::string("Hello World")}},
          {"u", {std::string("h\u00e9llo \u65e5\u672c")}},
          {"n", {}},
          {"yes", {true}},
          {"l", {numbers}},
          {"d", {TemplateObject{{"b", {int64_t{1}}}, {"a", {numbers}}, {"items", {int64_t{7}}}}}},
          {"messages", {messages}}};
}

RenderOptions test_options() {
  std::tm time{};
  time.tm_year = 124;
  time.tm_mon = 6;
  time.tm_mday = 5;
  time.tm_wday = 5;
  time.tm_hour = 14;
  time.tm_min = 3;
  return {time};
}

Result<std::string> try_render(std::string_view source) {
  HEARTH_ASSIGN(const ChatTemplate parsed, ChatTemplate::parse(source));
  return parsed.render(test_variables(), test_options());
}

std::string render(std::string_view source) {
  const auto rendered = try_render(source);
  return rendered.ok() ? rendered.value() : "error: " + rendered.error().message();
}

std::string value_of(std::string_view expression) {
  return render("{{ " + std::string(expression) + " }}");
}

struct Case {
  std::string_view source;
  std::string_view expected;
};

void expect_values(const std::vector<Case>& cases) {
  for (const Case& c : cases) EXPECT_EQ(value_of(c.source), c.expected) << c.source;
}

void expect_renders(const std::vector<Case>& cases) {
  for (const Case& c : cases) EXPECT_EQ(render(c.source), c.expected) << c.source;
}

TEST(ChatTemplateTest, Literals) {
  expect_values({{"'a' \"b\"", "ab"},
                 {R"('\n\x41\u00e9\\\'\d')", "\nA\u00e9\\'\\d"},
                 {"[1, 'a', none, true, 1.5,]", "[1, 'a', None, True, 1.5]"},
                 {"(1,)", "(1,)"},
                 {"()", "()"},
                 {"1, 2", "(1, 2)"},
                 {"{'a': {'b': 1}}", "{'a': {'b': 1}}"},
                 {"{1: 2, true: 3}", "{1: 3}"},
                 {"0x1F + 0b11 + 0o17 + 1_000", "1049"},
                 {"12.5e-1", "1.25"},
                 {"none", "None"},
                 {"['it\\'s', 'a\"b']", "[\"it's\", 'a\"b']"}});
}

TEST(ChatTemplateTest, ArithmeticIsPythons) {
  expect_values({{"7 // -2", "-4"},
                 {"-7 % 3", "2"},
                 {"7 % -3", "-2"},
                 {"-7.5 // 2", "-4.0"},
                 {"7 / 2", "3.5"},
                 {"4 / 2", "2.0"},
                 {"2 ** 10", "1024"},
                 {"2 ** -1", "0.5"},
                 {"-2 ** 2", "4"},
                 {"1 + 2 * 3 - 4", "3"},
                 {"1 ~ 2 + 3",
                  "error: chat template: line 1: unsupported operand types for +: "
                  "'str' and 'int'"},
                 {"'a' ~ 1 ~ none", "a1None"},
                 {"'ab' * 3", "ababab"},
                 {"3 * [0]", "[0, 0, 0]"},
                 {"l + [4]", "[3, 1, 2, 4]"},
                 {"true + 1", "2"},
                 {"0.1 + 0.2", "0.30000000000000004"},
                 {"1e16", "1e+16"},
                 {"1e15", "1000000000000000.0"},
                 {"1 / 3", "0.3333333333333333"},
                 {"0.0001", "0.0001"},
                 {"0.00001", "1e-05"},
                 {"-9223372036854775807 - 1", "-9223372036854775808"}});
}

TEST(ChatTemplateTest, Comparisons) {
  expect_values({{"1 < 2 < 3", "True"},
                 {"1 < 2 > 3", "False"},
                 {"1 == 1.0 == true", "True"},
                 {"9007199254740993 == 9007199254740992.0", "False"},
                 {"'a' < 'b'", "True"},
                 {"[1, 2] < [1, 3]", "True"},
                 {"l == (3, 1, 2)", "False"},
                 {"'ell' in s and 'z' not in s", "True"},
                 {"1 in l and 'b' in d", "True"},
                 {"undefined_name == undefined_name", "True"},
                 {"not n is none", "False"},
                 {"0 or '' or 'x'", "x"},
                 {"1 and 0", "0"}});
}

TEST(ChatTemplateTest, InlineIf) {
  expect_values({{"'a' if x else 'b'", "a"},
                 {"'a' if n", ""},
                 {"'a' if n else 'b' if n else 'c'", "c"},
                 {"('a' if n) is defined", "False"}});
}

TEST(ChatTemplateTest, ElementsAttributesAndSlices) {
  expect_values({{"d.b ~ d['b'] ~ d.get('b') ~ d.get('z') ~ d.get('z', 4)", "111None4"},
                 {"d['items']", "7"},
                 {"d.items()", "dict_items([('b', 1), ('a', [3, 1, 2]), ('items', 7)])"},
                 {"messages[-1].role", "assistant"},
                 {"messages[9]", ""},
                 {"messages[1:]|length", "2"},
                 {"l[::-1]", "[2, 1, 3]"},
                 {"u[1] ~ u[-1] ~ u[6:]", "\u00e9\u672c\u65e5\u672c"},
                 {"u[::-1]", "\u672c\u65e5 oll\u00e9h"},
                 {"s[5:1:-1] ~ s[100:]", " oll"},
                 {"l.1", "1"},
                 {"s.__class__", ""}});
}

TEST(ChatTemplateTest, TextMethods) {
  expect_values({{"'  a b '.split()", "['a', 'b']"},
                 {"'a,b,c'.split(',', 1)", "['a', 'b,c']"},
                 {"'a,b,c'.rsplit(',', 1)", "['a,b', 'c']"},
                 {"'xxaxx'.strip('x') ~ ' b'.lstrip() ~ 'c '.rstrip()", "abc"},
                 {"'\u00a0\u2003a\u3000'.strip()", "a"},
                 {"'\u200ba'.strip()|length", "2"},
                 {"s.startswith('He') and s.endswith(('x', 'ld'))", "True"},
                 {"s.replace('l', 'L', 2)", "HeLLo World"},
                 {"'abc'.replace('', '-')", "-a-b-c-"},
                 {"s.find('o') ~ s.rfind('o') ~ s.find('z') ~ u.find('\u65e5')", "47-16"},
                 {"s.find('o', 5) ~ s.count('l')", "73"},
                 {"u.upper() ~ s.lower() ~ 'they\\'re bill'.title()",
                  "H\u00c9LLO \u65e5\u672chello worldThey'Re Bill"},
                 {"'-'.join(['a', 'b'])", "a-b"},
                 {"'{} {k} {{'.format(1, k=2) ~ '{1}{0}'.format(1, 2)", "1 2 {21"},
                 {"'%s is %05.1f%% %-3d|' % ('a', 2.25, 7)", "a is 002.2% 7  |"},
                 {"'a\\nb\\r\\n'.splitlines()", "['a', 'b']"},
                 {"'12'.isdigit() and 'ab'.isalpha()", "True"},
                 {"'<think>r</think>a'.split('</think>')[-1]", "a"}});
}

TEST(ChatTemplateTest, Filters) {
  expect_values(
      {{"u|length ~ l|count ~ d|length ~ gone|length", "8330"},
       {"messages[0].content|trim", "sys"},
       {"'foo bar-baz'|title ~ 'hELLO'|capitalize", "Foo Bar-BazHello"},
       {"l|join('-') ~ messages|join(',', attribute='role')", "3-1-2system,user,assistant"},
       {"gone|default('D') ~ n|default('D') ~ n|d('D', true)", "DNoneD"},
       {"l|first ~ l|last ~ s|first ~ [] | first", "32H"},
       {"'abc'|list ~ d|list", "['a', 'b', 'c']['b', 'a', 'items']"},
       {"'42.7'|int + 'z'|int(7) + ' 1_0 '|int + 'ff'|int(0, 16)", "314"},
       {"'3.5'|float ~ true|int", "3.51"},
       {"messages|map(attribute='role')|list", "['system', 'user', 'assistant']"},
       {"['a', 'b']|map('upper')|join", "AB"},
       {"messages|selectattr('role', 'equalto', 'user')|map(attribute='content')|first", "hi"},
       {"messages|rejectattr('role', 'in', ['user'])|list|length", "2"},
       {"l|select('odd')|list ~ l|reject('gt', 1)|list", "[3, 1][1]"},
       {"none|select|list", "[]"},
       {"['b', 'a', 'C']|sort ~ l|sort(reverse=true)", "['a', 'b', 'C'][3, 2, 1]"},
       {"{'b': 1, 'a': 2}|dictsort", "[('a', 2), ('b', 1)]"},
       {"['a', 'A', 'b']|unique|list", "['a', 'b']"},
       {"l|reverse|list ~ 'ab'|reverse", "[2, 1, 3]ba"},
       {"2.5|round ~ 2.567|round(2) ~ 2.1|round(0, 'ceil') ~ -3|abs", "2.02.573.03"},
       {"l|min ~ l|max ~ l|sum", "136"},
       {"'a\\nb\\n\\nc'|indent(2)", "a\n  b\n\n  c"},
       {"'<a> & b'|e ~ ('<'|safe + '>')", "&lt;a&gt; &amp; b<&gt;"},
       {"'%s-%s'|format(1, 'b')", "1-b"},
       {"{'a': 1}|items|list", "[('a', 1)]"}});
}

TEST(ChatTemplateTest, ToJsonIsTransformers) {
  expect_values(
      {{"{'a': [1, 1.0, none, true], '\u00e9': '<\"\\n>'}|tojson",
        "{\"a\": [1, 1.0, null, true], \"\u00e9\": \"<\\\"\\n>\"}"},
       {"{'a': [1], 'b': {}}|tojson(indent=2)", "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}"},
       {"'\u00e9\U0001F600'|tojson(ensure_ascii=true)", "\"\\u00e9\\ud83d\\ude00\""},
       {"{'b': 1, 'a': 2}|tojson(sort_keys=true, separators=(',', ':'))", "{\"a\":2,\"b\":1}"}});
}

TEST(ChatTemplateTest, Tests) {
  expect_values({{"x is defined and gone is undefined and gone is not defined", "True"},
                 {"n is none and s is string and x is number and f is float", "True"},
                 {"yes is number and yes is boolean and yes is not integer", "True"},
                 {"d is mapping and l is sequence and l is iterable and x is not iterable", "True"},
                 {"yes is true and x is not true and yes is sameas true", "True"},
                 {"x is odd and 4 is even and 10 is divisibleby 5", "True"},
                 {"x is eq 5 and x is in [5] and x is gt(3) and x is lessthan 6", "True"},
                 {"range is callable and 'upper' is filter and 'odd' is test", "True"}});
}

TEST(ChatTemplateTest, Loops) {
  expect_renders(
      {{"{% for i in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}"
        "{{ loop.first }}{{ loop.last }}{{ loop.length }} {% endfor %}",
        "1032TrueFalse3 2121FalseFalse3 3210FalseTrue3 "},
       {"{% for i in l %}{{ loop.previtem }}<{{ i }}>{{ loop.nextitem }}{% endfor %}",
        "<3>13<1>21<2>"},
       {"{% for i in l if i > 1 %}{{ loop.index }}{{ i }}{% endfor %}", "1322"},
       {"{% for i in l if i > 9 %}{{ i }}{% else %}none{% endfor %}", "none"},
       {"{% for i in gone %}{{ i }}{% else %}none{% endfor %}", "none"},
       {"{% for k, v in d.items() %}{{ k }}{% endfor %}{% for k in d %}{{ k }}{% endfor %}",
        "baitemsbaitems"},
       {"{% for a, (b, c) in [[1, [2, 3]]] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "123"},
       {"{% for i in range(9) %}{% if i == 5 %}{% break %}{% elif i is odd %}{% continue %}"
        "{% endif %}{{ i }}{% endfor %}",
        "024"},
       {"{% for i in l %}{{ loop.cycle('a', 'b') }}{% endfor %}", "aba"},
       {"{% for c in u[:2] %}{{ c }}.{% endfor %}", "h.\u00e9."},
       {"{{ range(2, 10, 3)|list }}{{ range(5, 0, -2)|list }}", "[2, 5, 8][5, 3, 1]"}});
}

TEST(ChatTemplateTest, ScopesAndNamespaces) {
  expect_renders(
      {{"{% set a = 1 %}{% for i in l %}{{ a }}{% set a = 9 %}{{ a }}{% endfor %}{{ a }}",
        "1919191"},
       {"{% set ns = namespace(c=0) %}{% for i in l %}{% set ns.c = ns.c + i %}{% endfor %}"
        "{{ ns.c }}{{ ns.gone }}",
        "6"},
       {"{% if yes %}{% set a = 1 %}{% endif %}{{ a }}", "1"},
       {"{% set a, (b, c) = 1, [2, 3] %}{{ a }}{{ b }}{{ c }}", "123"},
       {"{% set a | upper %}x{{ s }}{% set b = 1 %}{% endset %}{{ a }}{{ b }}", "XHELLO WORLD"},
       {"{% with a = 1, b = x %}{{ a }}{{ b }}{% endwith %}{{ a }}", "15"},
       {"{% generation %}{{ x }}{% set a = 1 %}{% endgeneration %}{{ a }}", "5"},
       {"{% set x = x + 1 %}{{ x }}", "6"}});
}

TEST(ChatTemplateTest, Macros) {
  expect_renders(
      {{"{% macro m(a, b=2) %}{{ a }}-{{ b }};{% endmacro %}{{ m(1) }}{{ m(b=3, a=4) }}"
        "{{ m() }}",
        "1-2;4-3;-2;"},
       {"{% macro f(n) %}{% if n %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}"
        "{{ f(3)|trim }}",
        "321"},
       {"{% macro m() %}{{ later }}{% endmacro %}{% set later = 1 %}{{ m() }}", "1"},
       {"{% for i in l %}{% macro m() %}{{ i }}{% endmacro %}{{ m() }}{% endfor %}", "312"}});
}

TEST(ChatTemplateTest, WhiteSpaceRules) {
  expect_renders({{"a\n  {% if x %}\nb\n  {% endif %}  \nc", "a\nb\n  \nc"},
                  {"a\n  {{ x }}\nb", "a\n  5\nb"},
                  {"a \n {%- if x -%} \n b {%- endif %} c", "ab c"},
                  {"a {{- x -}} \n b", "a5b"},
                  {"a\n {# c #}\nb {#- d -#} e", "a\nbe"},
                  {"  {%+ if x %}a{% endif +%}\nb", "  a\nb"},
                  {"a {% if x %}b{% endif %}", "a b"},
                  {"a\r\nb\rc\n", "a\nb\nc"},
                  {"a\n\n", "a\n"},
                  {"{% raw %}{{ x }}{% if %}{% endraw %}!", "{{ x }}{% if %}!"},
                  {"{{ '{{ x }} %}' }}", "{{ x }} %}"}});
}

TEST(ChatTemplateTest, Generators) {
  expect_renders(
      {{"{% set g = messages|selectattr('role', 'eq', 'nobody') %}{{ 'T' if g else 'F' }}", "T"},
       {"{% set g = l|map('string') %}{{ g|list }}{{ g|list }}", "['3', '1', '2'][]"},
       {"{{ (l|map('string'))[0] is defined }}", "False"}});
}

TEST(ChatTemplateTest, TimeComesFromTheCaller) {
  EXPECT_EQ(value_of("strftime_now('%d %b %Y, %A %H:%M')"), "05 Jul 2024, Friday 14:03");
  const auto parsed = ChatTemplate::parse("{{ strftime_now is defined }}");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->render({}).value(), "False");
}

TEST(ChatTemplateTest, MarksWhatTheVariablesBrought) {
  const auto parsed = ChatTemplate::parse(
      "{{ bos_token }}<u>{{ m|trim }}</u>{{ ('[' + m + ']')[2:-1] }};{% set ns = namespace(t='') %}"
      "{% for p in m.split('-') %}{% set ns.t = ns.t ~ p ~ '+' %}{% endfor %}{{ ns.t }}"
      "{{ [m]|tojson }}{{ m|upper }}");
  ASSERT_TRUE(parsed.ok());
  const auto rendered =
      parsed->render_marked({{"bos_token", {std::string("<s>")}}, {"m", {std::string(" a-b ")}}});
  ASSERT_TRUE(rendered.ok()) << rendered.error().message();
  std::string marked;
  std::size_t at = 0;
  for (const TextRange& range : rendered->input) {
    marked += rendered->text.substr(at, range.begin - at) + "{";
    marked += rendered->text.substr(range.begin, range.end - range.begin) + "}";
    at = range.end;
  }
  marked += rendered->text.substr(at);
  EXPECT_EQ(marked, "<s><u>{a-b}</u>{a-b };{ a}+{b }+[{\" a-b \"}]{ A-B }");
}

TEST(ChatTemplateTest, ChatVariables) {
  const std::vector<ChatMessage> messages = {{"user", "Hi"}, {"assistant", "Hello"}};
  const auto parsed = ChatTemplate::parse(
      "{{ bos_token }}{% for m in messages %}{{ m.role }}:{{ m.content }}{{ eos_token }}"
      "{% endfor %}{{ add_generation_prompt }}");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->render(chat_variables(messages, {}, "<s>", "</s>")).value(),
            "<s>user:Hi</s>assistant:Hello</s>True");
}

TEST(ChatVariables, CarryToolsCallsAndResults) {
  const auto parsed = ChatTemplate::parse(
      "{{ tools | tojson }}{% for m in messages %};{{ m | tojson }}{% endfor %}{{ mood }}");
  ASSERT_TRUE(parsed.ok()) << parsed.error().message();
  const TemplateObject parameters{{"type", {std::string("object")}}};
  const TemplateObject function{{"name", {std::string("f")}}, {"parameters", {parameters}}};
  const ToolCall calls[] = {{"c1", "f", {TemplateObject{{"a", {int64_t{1}}}}}},
                            {"", "g", {std::string("{}")}}};
  const std::vector<ChatMessage> messages = {
      {"user", "hi", {{"name", {std::string("Ann")}}}},
      tool_call_message(calls),
      tool_result_message("22", "f", "c1"),
      {"user", "unseen", {{"content", {TemplateArray{{std::string("part")}}}}}},
      {"assistant", "", {{"content", {}}}}};
  const ChatOptions options{
      .tools = {{TemplateObject{{"type", {std::string("function")}}, {"function", {function}}}}},
      .variables = {{"mood", {std::string("!")}}, {"tools", {}}}};
  EXPECT_EQ(
      parsed->render(chat_variables(messages, options, "", "")).value(),
      "[{\"type\": \"function\", \"function\": {\"name\": \"f\", \"parameters\": {\"type\": "
      "\"object\"}}}]"
      ";{\"role\": \"user\", \"content\": \"hi\", \"name\": \"Ann\"}"
      ";{\"role\": \"assistant\", \"content\": \"\", \"tool_calls\": [{\"id\": \"c1\", \"type\": "
      "\"function\", \"function\": {\"name\": \"f\", \"arguments\": {\"a\": 1}}}, {\"type\": "
      "\"function\", \"function\": {\"name\": \"g\", \"arguments\": \"{}\"}}]}"
      ";{\"role\": \"tool\", \"content\": \"22\", \"tool_call_id\": \"c1\", \"name\": \"f\"}"
      ";{\"role\": \"user\", \"content\": [\"part\"]}"
      ";{\"role\": \"assistant\", \"content\": null}!");
}

TEST(ChatVariables, ToolsAreNoneWhereThereAreNone) {
  const auto parsed = ChatTemplate::parse(
      "{{ tools is none }} {{ documents is none }} {{ add_generation_prompt }}");
  ASSERT_TRUE(parsed.ok()) << parsed.error().message();
  EXPECT_EQ(parsed->render(chat_variables({}, {}, "", "")).value(), "True True True");
  EXPECT_EQ(parsed->render(chat_variables({}, {.prompt = GenerationPrompt::kOmit}, "", "")).value(),
            "True True False");
}

}  // namespace
}  // namespace hearth

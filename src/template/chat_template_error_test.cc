// SPDX-License-Identifier: Apache-2.0
// What chat templates may not do: errors with their lines, constructs that are refused by name, and
// the bounds that end a hostile template.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "template/chat_template.h"
#include "template/limits.h"

namespace hearth {
namespace {

Result<std::string> try_render(std::string_view source, TemplateObject variables = {}) {
  HEARTH_ASSIGN(const ChatTemplate parsed, ChatTemplate::parse(source));
  return parsed.render(variables);
}

void expect_error(std::string_view source, ErrorCode code, std::string_view part) {
  const auto rendered = try_render(source);
  const std::string_view shown = source.substr(0, 100);
  ASSERT_FALSE(rendered.ok()) << shown << " gives " << rendered->substr(0, 100);
  EXPECT_EQ(rendered.error().code(), code) << shown << ": " << rendered.error().message();
  EXPECT_NE(rendered.error().message().find(part), std::string::npos)
      << shown << ": " << rendered.error().message();
}

TEST(ChatTemplateErrorTest, SyntaxErrorsNameTheLine) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"a\n{% if x %}\nb", "line 3: unexpected end of template: 'endif' is missing"},
      {"{% endfor %}", "line 1: unexpected tag 'endfor'"},
      {"{% for x in y %}{% endif %}", "unexpected tag 'endif'"},
      {"\n\n{{ x", "line 3: missing end of tag"},
      {"{{ 'abc }}", "line 1: a string without its end"},
      {"{{ (1] }}", "unexpected ']', expected ')'"},
      {"{{ 1) }}", "unexpected ')'"},
      {"{{ }}", "unexpected end of tag"},
      {"{{ 1 2 }}", "unexpected number"},
      {"{{ a ? b }}", "unexpected character '?'"},
      {"{# never", "line 1: missing end of comment"},
      {"{% raw %}{{", "missing end of raw block"},
      {"{% break %}", "'break' outside of a loop"},
      {"{% for x in y %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}",
       "'break' outside of a loop"},
      {"{% set true = 1 %}", "cannot assign to 'true'"},
      {"{% for loop in y %}{% endfor %}", "cannot assign to 'loop'"},
      {"{% macro m(a=1, b) %}{% endmacro %}", "a parameter without a default"},
      {"{{ f(a=1, 2) }}", "a positional argument after a named one"},
      {"{{ '\\ud800' }}", "no Unicode character"},
      {"{{ 99999999999999999999 }}", "more than 64 bits"},
      {"{{ x is odd is even }}", "cannot be chained"}};
  for (const auto& [source, part] : cases) expect_error(source, ErrorCode::kCorrupt, part);
}

TEST(ChatTemplateErrorTest, UnsupportedConstructsAreNamed) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"\n{% include 'x' %}", "line 2: the tag 'include' is not supported"},
      {"{% import 'x' as y %}", "'import'"},
      {"{% extends 'x' %}", "'extends'"},
      {"{% block x %}{% endblock %}", "'block'"},
      {"{% call m() %}{% endcall %}", "'call'"},
      {"{% filter upper %}{% endfilter %}", "'filter'"},
      {"{% do x %}", "'do'"},
      {"{% for i in x recursive %}{% endfor %}", "'recursive'"},
      {"{{ f(*x) }}", "'*' in a call's arguments"},
      {"{{ 1|nofilter }}", "line 1: the filter 'nofilter'"},
      {"{{ 1 is notest }}", "the test 'notest'"},
      {"{{ 'a'.zfill(3) }}", "the method 'zfill' of a 'str'"},
      {"{{ nofunction() }}", "the function 'nofunction'"},
      {"{{ [].append(1) }}", "the method 'append' would change a list"},
      {"{{ [1]|map('string') }}", "printing a generator"},
      {"{{ '{:>5}'.format(1) }}", "'{:>5}'"}};
  for (const auto& [source, part] : cases) expect_error(source, ErrorCode::kUnsupported, part);
}

TEST(ChatTemplateErrorTest, UnknownNamesInBranchesNotTakenDoNoHarm) {
  const auto rendered = try_render("{% if false %}{{ 1|nofilter }}{{ f() }}{% endif %}ok");
  ASSERT_TRUE(rendered.ok()) << rendered.error().message();
  EXPECT_EQ(rendered.value(), "ok");
}

TEST(ChatTemplateErrorTest, TypeErrorsNameTheLine) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"\n{{ x.y }}", "line 2: 'x' is undefined"},
      {"{{ {}.a.b }}", "'dict object' has no attribute 'a'"},
      {"{{ {}['a']['b'] }}", "'dict object' has no attribute 'a'"},
      {"{{ [][0].x }}", "'list' object has no such element"},
      {"{{ 1 + x }}", "'x' is undefined"},
      {"{{ x < 1 }}", "'x' is undefined"},
      {"{{ 1 < 'a' }}", "'<' is not supported between 'int' and 'str'"},
      {"{{ none + 'a' }}", "unsupported operand types for +: 'NoneType' and 'str'"},
      {"{{ 1 in 'a' }}", "requires string as left operand, not int"},
      {"{% for i in 5 %}{% endfor %}", "'int' object is not iterable"},
      {"{% for a, b in [[1]] %}{% endfor %}", "cannot unpack 1 values into 2 names"},
      {"{% set d = {} %}{% set d.a = 1 %}", "not a namespace"},
      {"{{ {[]: 1} }}", "unhashable type: 'list'"},
      {"{{ 1 // 0 }}", "division by zero"},
      {"{{ 9223372036854775807 + 1 }}", "more than 64 bits"},
      {"{{ 2 ** 63 }}", "more than 64 bits"},
      {"{{ (-9223372036854775807 - 1) // -1 }}", "more than 64 bits"},
      {"{{ none|length }}", "has no len()"},
      {"{{ {1: x}|tojson }}", "not JSON serializable"},
      {"{{ 'a'[::0] }}", "slice step cannot be zero"},
      {"{{ 5() }}", "'int' object is not callable"},
      {"{% macro m() %}{% endmacro %}{{ m(1) }}", "takes not more than 0 arguments"}};
  for (const auto& [source, part] : cases) expect_error(source, ErrorCode::kCorrupt, part);
}

TEST(ChatTemplateErrorTest, RaiseExceptionCarriesTheTemplatesWords) {
  expect_error("a\n{{ raise_exception('roles must ' ~ 'alternate') }}", ErrorCode::kUsage,
               "line 2: roles must alternate");
}

// A macro may outlive the loop that defined it.
TEST(ChatTemplateErrorTest, MacrosKeepTheirScope) {
  const auto rendered = try_render(
      "{% set ns = namespace() %}{% for i in [1, 2] %}{% macro m() %}{{ i }}{% endmacro %}"
      "{% if loop.first %}{% set ns.m = m %}{% endif %}{% endfor %}{{ ns.m() }}");
  ASSERT_TRUE(rendered.ok()) << rendered.error().message();
  EXPECT_EQ(rendered.value(), "1");
}

std::string repeated(std::string_view text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

TEST(ChatTemplateErrorTest, SourceIsBounded) {
  expect_error(std::string(jinja::kSourceBytesMax + 1, 'a'), ErrorCode::kCorrupt,
               "the size of the template in bytes");
  expect_error(repeated("{{}}", 200'000), ErrorCode::kCorrupt, "the number of tokens");
}

TEST(ChatTemplateErrorTest, NestingIsBounded) {
  for (const std::string_view opening : {"(", "[", "{1:", "not ", "- ", "1 if 1 else ", "f("}) {
    expect_error("{{ " + repeated(opening, 20'000), ErrorCode::kCorrupt, "");
  }
  expect_error("{{ " + repeated("(", 200) + "1" + repeated(")", 200) + " }}", ErrorCode::kCorrupt,
               "the nesting of the template exceeds");
  expect_error(repeated("{% if 1 %}", 200) + repeated("{% endif %}", 200), ErrorCode::kCorrupt,
               "the nesting of the template exceeds");
  for (const std::string_view chained : {" + 1", ".a", "[0]", "|abs", "()", " or 0", " ** 1"}) {
    expect_error("{{ 1" + repeated(chained, 20'000) + " }}", ErrorCode::kCorrupt,
                 "the depth of an expression exceeds");
  }
}

TEST(ChatTemplateErrorTest, EvaluationDepthIsBounded) {
  expect_error("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", ErrorCode::kCorrupt,
               "the depth of evaluation exceeds");
  expect_error("{% macro f(x) %}{{ [f([x])] }}{% endmacro %}{{ f(1) }}", ErrorCode::kCorrupt,
               "the depth of evaluation exceeds");
  expect_error("{{ 'a'|map(" + repeated("'map', ", 2'000) + "'upper') }}", ErrorCode::kCorrupt,
               "the depth of evaluation exceeds");
}

TEST(ChatTemplateErrorTest, ValueDepthIsBounded) {
  expect_error(
      "{% set ns = namespace(l=[]) %}{% for i in range(5000) %}{% set ns.l = [ns.l] %}{% endfor %}",
      ErrorCode::kCorrupt, "the depth of a value exceeds");
  TemplateValue deep{TemplateArray{}};
  for (int i = 0; i < 200; ++i) deep = {TemplateArray{{deep}}};
  const auto rendered = try_render("{{ x }}", {{"x", deep}});
  ASSERT_FALSE(rendered.ok());
  EXPECT_NE(rendered.error().message().find("the depth of the variable 'x' exceeds"),
            std::string::npos);
}

TEST(ChatTemplateErrorTest, SizesAreBounded) {
  expect_error("{{ 'abc' * 9999999999 }}", ErrorCode::kCorrupt, "the length of a string in bytes");
  expect_error("{{ [1] * 9999999999 }}", ErrorCode::kCorrupt, "the length of a list");
  expect_error("{{ range(100001) }}", ErrorCode::kCorrupt, "the length of a range()");
  expect_error("{{ range(0, 9223372036854775807, 9223372036854775807) }}", ErrorCode::kCorrupt,
               "an argument of range()");
  expect_error("{% set a = 'x' * 9000000 %}{{ a }}{{ a }}", ErrorCode::kCorrupt,
               "the length of the output in bytes");
  expect_error("{{ ('x' * 9000000) ~ ('x' * 9000000) }}", ErrorCode::kCorrupt,
               "the length of a string in bytes");
  expect_error("{{ 'x'|tojson(indent=100000) }}", ErrorCode::kCorrupt, "the indent of tojson()");
}

TEST(ChatTemplateErrorTest, StepsAreBounded) {
  const std::string_view kSteps = "the number of evaluation steps";
  const std::string loops =
      repeated("{% for i in range(99999) %}", 3) + "x" + repeated("{% endfor %}", 3);
  const std::string doubling =
      "{% set ns = namespace(l=[1]) %}{% for i in range(90) %}{% set ns.l = [ns.l, ns.l] %}"
      "{% endfor %}";
  for (const std::string& source :
       {loops, doubling + "{{ ns.l }}", doubling + "{{ ns.l|tojson }}",
        doubling + "{{ ns.l == ns.l + [] }}",
        std::string("{% set a = 'a' * 9000000 %}{% for i in range(9999) %}{{ a.find(a ~ 'b') }}"
                    "{% endfor %}"),
        std::string("{{ ('a' * 9000000).rfind('b' ~ 'a' * 4000000) }}"),
        std::string("{% for i in range(99999) %}{{ ('y' * 100000)|length }}{% endfor %}"),
        std::string("{{ ('a' * 9000000)|list }}")}) {
    expect_error(source, ErrorCode::kCorrupt, kSteps);
  }
}

// Long conversations: the work grows with the messages, and values are not copied on access.
TEST(ChatTemplateErrorTest, LongConversationsAreLinear) {
  const auto parsed = ChatTemplate::parse(
      "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ 's' "
      "}}"
      "{% endif %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] | trim "
      "+ '<|im_end|>' + '\n' }}{% endfor %}");
  ASSERT_TRUE(parsed.ok()) << parsed.error().message();
  std::vector<ChatMessage> messages(10'000, {"user", std::string(1000, 'x')});
  const TemplateObject variables = chat_variables(messages, {}, "", "");
  const Stopwatch watch;
  const auto rendered = parsed->render(variables);
  ASSERT_TRUE(rendered.ok()) << rendered.error().message();
  EXPECT_EQ(rendered->size(),
            1 + messages.size() * (1000 + std::string("<|im_start|>user\n<|im_end|>\n").size()));
  EXPECT_LT(watch.elapsed_ms(), 5000);  // 40 in an optimised build
}

}  // namespace
}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "grammar/number_text.h"

#include <array>
#include <charconv>
#include <string_view>
#include <vector>

namespace hearth {
namespace {

constexpr int32_t kWholeDigitsMax = 18;
constexpr int32_t kFractionDigitsMax = 20;
constexpr int32_t kLimitedDigitsMax = 15;

// How the magnitude that was read compares with a limit's.
enum class Order { kLess, kEqual, kGreater };

Order compared(char digit, char with) {
  return digit < with ? Order::kLess : digit > with ? Order::kGreater : Order::kEqual;
}

// Puts together an automaton of the numbers that are at least, or at most, a limit. It is only
// asked about texts that are numbers without an exponent.
class LimitGraph {
 public:
  LimitGraph(const NumberLimit& limit, bool is_minimum) : limit_(limit), is_minimum_(is_minimum) {}

  ByteGraph build() {
    add({});
    const bool is_zero = limit_.value.whole == "0" && limit_.value.fraction.empty();
    // A number of the other sign is beyond the limit, or is not, whatever its digits.
    const int32_t positive =
        limit_.value.negative ? anything(fits(Order::kGreater)) : magnitudes(false);
    const int32_t negative =
        limit_.value.negative || is_zero ? magnitudes(true) : anything(fits(Order::kLess));
    graph_.states[0].bytes = graph_.states[static_cast<std::size_t>(positive)].bytes;
    graph_.states[0].bytes.push_back({'-', '-', negative});
    return std::move(graph_);
  }

 private:
  int32_t add(ByteGraph::State state) {
    graph_.states.push_back(std::move(state));
    return static_cast<int32_t>(graph_.states.size()) - 1;
  }
  void edge(int32_t from, char first, char last, int32_t to) {
    graph_.states[static_cast<std::size_t>(from)].bytes.push_back(
        {static_cast<uint8_t>(first), static_cast<uint8_t>(last), to});
  }
  // Whether a number that compares so with the limit is wanted.
  bool fits(Order number) const {
    if (number == Order::kEqual) return !limit_.is_excluded;
    return (number == Order::kGreater) == is_minimum_;
  }
  // The same of a magnitude, of numbers with or without a sign before it.
  bool fits(Order magnitude, bool has_sign) const {
    if (!has_sign || magnitude == Order::kEqual) return fits(magnitude);
    return fits(magnitude == Order::kLess ? Order::kGreater : Order::kLess);
  }

  // The rest of a number that is decided.
  int32_t anything(bool is_wanted) {
    const int32_t state = add({.bytes = {}, .ends = is_wanted});
    edge(state, '0', '9', state);
    edge(state, '.', '.', state);
    return state;
  }

  // Where magnitudes begin; `has_sign`: behind a minus.
  int32_t magnitudes(bool has_sign) {
    const int32_t less = anything(fits(Order::kLess, has_sign));
    const int32_t greater = anything(fits(Order::kGreater, has_sign));
    const int32_t fraction = fractions(has_sign, less, greater);
    const std::string_view whole = limit_.value.whole;
    // By how many digits were read and how they compare with as many of the limit's.
    std::vector<std::array<int32_t, 3>> states(whole.size() + 1);
    for (std::size_t read = 0; read <= whole.size(); ++read) {
      for (const Order order : {Order::kLess, Order::kEqual, Order::kGreater}) {
        const bool is_as_long = read == whole.size();
        Order ended = is_as_long ? order : Order::kLess;
        if (ended == Order::kEqual && !limit_.value.fraction.empty()) ended = Order::kLess;
        states[read][static_cast<std::size_t>(order)] =
            add({.bytes = {}, .ends = read > 0 && fits(ended, has_sign)});
      }
    }
    for (std::size_t read = 0; read <= whole.size(); ++read) {
      for (const Order order : {Order::kLess, Order::kEqual, Order::kGreater}) {
        const int32_t from = states[read][static_cast<std::size_t>(order)];
        if (read == whole.size()) {
          edge(from, '.', '.',
               order == Order::kEqual  ? fraction
               : order == Order::kLess ? less
                                       : greater);
          edge(from, '0', '9', greater);
          continue;
        }
        edge(from, '.', '.', less);
        for (char digit = '0'; digit <= '9'; ++digit) {
          const Order next = order == Order::kEqual ? compared(digit, whole[read]) : order;
          edge(from, digit, digit, states[read + 1][static_cast<std::size_t>(next)]);
        }
      }
    }
    return states[0][static_cast<std::size_t>(Order::kEqual)];
  }

  // Where what is behind the point begins, of numbers whose whole part is the limit's.
  int32_t fractions(bool has_sign, int32_t less, int32_t greater) {
    const std::string_view digits = limit_.value.fraction;
    const int32_t first = static_cast<int32_t>(graph_.states.size());
    for (std::size_t read = 0; read <= digits.size(); ++read)
      add({.bytes = {},
           .ends = fits(read == digits.size() ? Order::kEqual : Order::kLess, has_sign)});
    for (std::size_t read = 0; read <= digits.size(); ++read) {
      const int32_t from = first + static_cast<int32_t>(read);
      const bool is_last = read == digits.size();
      for (char digit = '0'; digit <= '9'; ++digit) {
        const Order order = compared(digit, is_last ? '0' : digits[read]);
        const int32_t same = is_last ? from : from + 1;
        edge(from, digit, digit,
             order == Order::kEqual  ? same
             : order == Order::kLess ? less
                                     : greater);
      }
    }
    return first;
  }

  const NumberLimit& limit_;
  bool is_minimum_;
  ByteGraph graph_;
};

// Integers whose remainder is 0.
ByteGraph multiples(int32_t of) {
  ByteGraph graph;
  graph.states.resize(static_cast<std::size_t>(of) + 1);  // the start, then one for each remainder
  for (int32_t state = 0; state <= of; ++state) {
    const int32_t remainder = state == 0 ? 0 : state - 1;
    ByteGraph::State& from = graph.states[static_cast<std::size_t>(state)];
    from.ends = state == 1;
    if (state == 0) from.bytes.push_back({'-', '-', 0});
    for (int32_t digit = 0; digit < 10; ++digit) {
      const auto byte = static_cast<uint8_t>('0' + digit);
      from.bytes.push_back({byte, byte, 1 + (remainder * 10 + digit) % of});
    }
  }
  return graph;
}

// Texts with at most `count` digits.
ByteGraph digits_at_most(int32_t count) {
  ByteGraph graph;
  for (int32_t read = 0; read <= count; ++read) {
    ByteGraph::State state = {.bytes = {{'-', '-', read}, {'.', '.', read}}, .ends = true};
    if (read < count) state.bytes.push_back({'0', '9', read + 1});
    graph.states.push_back(std::move(state));
  }
  return graph;
}

ExpressionId digits(Rules& rules, int32_t min, int32_t max) {
  return rules.repeat(rules.bytes({{'0', '9'}}), min, max);
}

ExpressionId integer_text(Rules& rules) {
  const ExpressionId whole = rules.choice(
      {rules.literal("0"),
       rules.sequence({rules.bytes({{'1', '9'}}), digits(rules, 0, kWholeDigitsMax - 1)})});
  return rules.sequence({rules.optional(rules.literal("-")), whole});
}

ExpressionId fraction_text(Rules& rules) {
  return rules.optional(rules.sequence({rules.literal("."), digits(rules, 1, kFractionDigitsMax)}));
}

ExpressionId exponent_text(Rules& rules) {
  const ExpressionId sign = rules.optional(rules.bytes({{'+', '+'}, {'-', '-'}}));
  return rules.optional(
      rules.sequence({rules.bytes({{'E', 'E'}, {'e', 'e'}}), sign, digits(rules, 1, 2)}));
}

std::string without_trailing(std::string digits, char last) {
  while (!digits.empty() && digits.back() == last) digits.pop_back();
  return digits;
}

}  // namespace

Decimal decimal(double value) {
  std::array<char, 400> text;  // the greatest double has 309 digits, the least 324 behind the point
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed).ptr;
  std::string_view spelled(text.data(), static_cast<std::size_t>(end - text.data()));
  Decimal out;
  out.negative = spelled.starts_with('-') && value != 0.0;
  if (spelled.starts_with('-')) spelled.remove_prefix(1);
  const std::size_t point = spelled.find('.');
  out.whole = spelled.substr(0, point);
  if (point != std::string_view::npos)
    out.fraction = without_trailing(std::string(spelled.substr(point + 1)), '0');
  return out;
}

Decimal decimal(int64_t value) {
  std::string spelled = std::to_string(value);
  const bool negative = spelled.front() == '-';
  return {.negative = negative, .whole = spelled.substr(negative ? 1 : 0), .fraction = {}};
}

ExpressionId number_text(Rules& rules, const NumberLimits& limits) {
  const bool is_limited = limits.minimum || limits.maximum;
  ExpressionId number = integer_text(rules);
  if (!limits.is_integer) {
    number = rules.sequence({number, fraction_text(rules)});
    number = is_limited ? rules.both(number, rules.graph(digits_at_most(kLimitedDigitsMax)))
                        : rules.sequence({number, exponent_text(rules)});
  }
  if (limits.minimum)
    number = rules.both(number, rules.graph(LimitGraph(*limits.minimum, true).build()));
  if (limits.maximum)
    number = rules.both(number, rules.graph(LimitGraph(*limits.maximum, false).build()));
  if (limits.multiple_of) number = rules.both(number, rules.graph(multiples(*limits.multiple_of)));
  return number;
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "grammar/string_formats.h"

#include <array>

#include "base/strings.h"

namespace hearth {
namespace {

struct Format {
  std::string_view name;
  std::string (*pattern)();
};

std::string group(std::string_view inside) { return concat("(?:", inside, ")"); }

// RFC 3339, section 5.6, and the days that a month has.
std::string date() {
  const std::string year = "[1-9]\\d{3}";
  const std::string leap_year =
      group("[1-9]\\d(?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00");
  return group(concat(year, "-(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|",  //
                      year, "-(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|",          //
                      year, "-02-(?:0[1-9]|1\\d|2[0-8])|", leap_year, "-02-29"));
}
std::string time() {
  return "(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?(?:Z|[+-](?:[01]\\d|2[0-3]):[0-5]"
         "\\d)";
}
std::string date_time() { return concat(date(), "T", time()); }

// ISO 8601 as in RFC 3339, appendix A.
std::string duration() {
  const std::string n = "\\d{1,9}";
  const std::string hours =
      group(concat(n, "H(?:", n, "M(?:", n, "S)?)?|", n, "M(?:", n, "S)?|", n, "S"));
  const std::string days =
      group(concat(n, "D|", n, "M(?:", n, "D)?|", n, "Y(?:", n, "M(?:", n, "D)?)?"));
  return concat("P(?:", n, "W|", days, "(?:T", hours, ")?|T", hours, ")");
}

// RFC 1123, section 2.1.
std::string hostname() {
  const std::string label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
  return concat(label, "(?:\\.", label, "){0,3}");
}
// RFC 5321, section 4.1.2, without quoted names.
std::string email() {
  const std::string atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,30}";
  return concat(atom, "(?:\\.", atom, ")?@", hostname());
}
std::string ipv4() {
  const std::string octet = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
  return concat(octet, "(?:\\.", octet, "){3}");
}
// RFC 4291, section 2.2, forms 1 and 2.
std::string ipv6() {
  const std::string h = "[0-9A-Fa-f]{1,4}";
  std::string pattern = concat("(?:", h, ":){7}", h);
  // Of up to seven groups, some before the gap of `::` and some behind it.
  for (int before = 0; before <= 7; ++before) {
    const int behind = 7 - before;
    pattern += before == 0 ? "|:" : concat("|", h, "(?::", h, "){", before - 1, "}:");
    pattern += behind == 0 ? ":" : concat("(?::|(?::", h, "){1,", behind, "})");
  }
  return group(pattern);
}
std::string uuid() {
  return "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}";
}
// RFC 3986, with a host.
std::string uri() {
  const std::string pchar = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";
  const std::string other = "(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})";
  return concat("[a-z][a-z0-9+.-]{1,15}://", hostname(), "(?::\\d{1,4})?(?:/", pchar, "*)*(?:\\?",
                other, "*)?(?:#", other, "*)?");
}
// RFC 6901, section 3.
std::string json_pointer() { return "(?:/(?:[^/~]|~[01])*)*"; }

constexpr std::array<Format, 11> kFormats = {{{"date", date},
                                              {"date-time", date_time},
                                              {"duration", duration},
                                              {"email", email},
                                              {"hostname", hostname},
                                              {"ipv4", ipv4},
                                              {"ipv6", ipv6},
                                              {"json-pointer", json_pointer},
                                              {"time", time},
                                              {"uri", uri},
                                              {"uuid", uuid}}};

}  // namespace

std::optional<std::string> format_pattern(std::string_view format) {
  for (const Format& known : kFormats) {
    if (known.name == format) return known.pattern();
  }
  return std::nullopt;
}

std::string format_names() {
  std::string names;
  for (const Format& known : kFormats) names += concat(names.empty() ? "" : ", ", known.name);
  return names;
}

}  // namespace hearth

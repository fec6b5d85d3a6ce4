// SPDX-License-Identifier: Apache-2.0
// E-mail addresses (also as "name (at) example (dot) org"), IP and MAC addresses, and credentials
// in URLs.
#include <algorithm>
#include <array>
#include <bitset>

#include "guard/detectors.h"

namespace hearth {
namespace {

constexpr std::size_t kLocalBytesMax = 64;  // RFC 5321
constexpr std::size_t kDomainBytesMax = 253;
constexpr std::size_t kUserInfoBytesMax = 512;

bool is_local_byte(char c) {
  return is_word_byte(c) || std::string_view(".+_-%'").find(c) != std::string_view::npos;
}

// Where the domain that begins at `begin` ends: labels with dots between, the last of letters. 0:
// there is none.
std::size_t domain_end(std::string_view text, std::size_t begin) {
  std::size_t at = begin;
  std::size_t label = begin;
  std::size_t end = 0;
  bool letters = true;
  const std::size_t stop = std::min(text.size(), begin + kDomainBytesMax);
  for (; at <= stop; ++at) {
    const char c = at < stop ? text[at] : '\0';
    if (is_word_byte(c) || (c == '-' && at > label)) {
      letters &= !is_ascii_digit(c) && c != '-';
      continue;
    }
    const bool xn = text.substr(label, 4) == "xn--";
    if (label > begin && at - label >= 2 && (letters || xn)) end = at;
    if (c != '.' || at == label) break;
    label = at + 1;
    letters = true;
  }
  return end;
}

void find_email(Scan& scan, std::size_t at_token) {
  const std::string_view text = scan.text();
  const std::size_t at = scan.token(at_token).begin;
  std::size_t begin = at;
  while (begin > 0 && at - begin < kLocalBytesMax && is_local_byte(text[begin - 1])) --begin;
  while (begin < at && (text[begin] == '.' || text[begin] == '-' || text[begin] == '\'')) ++begin;
  if (begin == at && at > 1 && text[at - 1] == '"') {  // "odd name"@example.org
    const std::size_t open = text.substr(0, at - 1).rfind('"');
    if (open != std::string_view::npos && at - open <= kLocalBytesMax) begin = open;
  }
  if (begin == at) return;
  if (const std::size_t end = domain_end(text, at + 1); end != 0) {
    scan.add(EntityKind::kEmail, Certainty::kCheckedNear, begin, end);
  }
}

// The token behind "(at)", "[at]" or a bare word `word` at `index`; 0 where there is none.
std::size_t behind_spelled(const Scan& scan, std::size_t index, std::string_view word,
                           bool bare_too) {
  const bool open =
      scan.is_mark(index, '(') || scan.is_mark(index, '[') || scan.is_mark(index, '{');
  const std::size_t at = open ? index + 1 : index;
  if (!scan.is_word(at) || bare_capitals(scan.view(at)) != word || (!open && !bare_too)) return 0;
  if (!open) return at + 1;
  const bool closed =
      scan.is_mark(at + 1, ')') || scan.is_mark(at + 1, ']') || scan.is_mark(at + 1, '}');
  return closed ? at + 2 : 0;
}

// Where the word with dots, dashes and underscores that ends before `index` begins: a token.
std::size_t local_begin(const Scan& scan, std::size_t index) {
  std::size_t first = index;
  while (first > 0 && index - first < 12) {
    const ScanToken& token = scan.token(first - 1);
    const bool part =
        token.type != TokenType::kMark ||
        std::string_view("._-+").find(scan.text()[token.begin]) != std::string_view::npos;
    if (!part || (first < index && scan.token(first).gap != Gap::kNone)) break;
    --first;
  }
  return first;
}

// name (at) example (dot) org; a bare "at" needs the dot spelled too.
void find_spelled_email(Scan& scan, std::size_t index) {
  const bool bracketed = scan.token(index).type == TokenType::kMark;
  std::size_t next = behind_spelled(scan, index, "AT", true);
  if (next == 0 || index == 0) return;
  std::size_t end = 0;
  bool spelled = false;
  for (int label = 0; label < 5; ++label) {
    if (!scan.is_word(next) && !scan.is_digits(next)) break;
    ++next;
    while (scan.joined(next) &&
           (scan.is_mark(next, '-') || scan.is_word(next) || scan.is_digits(next))) {
      ++next;
    }
    if (label > 0 && scan.is_word(next - 1) && scan.length(next - 1) >= 2) end = next;
    if (scan.is_mark(next, '.') && scan.joined(next) && scan.joined(next + 1)) {
      ++next;
      continue;
    }
    const std::size_t behind = behind_spelled(scan, next, "DOT", true);
    if (behind == 0) break;
    spelled = true;
    next = behind;
  }
  const std::size_t first = local_begin(scan, index);
  if (end == 0 || first == index || (!bracketed && !spelled)) return;
  scan.add_tokens(EntityKind::kEmail, Certainty::kNear, first, end);
}

void find_ipv4(Scan& scan, std::size_t index) {
  for (std::size_t part = 0; part < 4; ++part) {
    const std::size_t at = index + 2 * part;
    if (!scan.is_digits(at) || scan.length(at) > 3) return;
    int value = 0;
    for (const char c : scan.view(at)) value = value * 10 + (c - '0');
    if (value > 255 || (part > 0 && !scan.joined(at))) return;
    if (part < 3 && !(scan.is_mark(at + 1, '.') && scan.joined(at + 1))) return;
  }
  const std::size_t end = index + 7;
  if (scan.joined(index) && (scan.is_word(index - 1) || scan.is_mark(index - 1, '.'))) return;
  if (scan.joined(end) && scan.is_word(end)) return;
  if (scan.joined(end) && scan.is_mark(end, '.') && scan.joined(end + 1) && scan.is_digits(end + 1))
    return;
  const bool other = (scan.near(index, end, kNearOtherNumber, 2) != 0);
  if (!other) scan.add_tokens(EntityKind::kIpAddress, Certainty::kChecked, index, end);
}

bool is_hex(char c) { return is_ascii_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }

// Whether `text` (hexadecimal digits and colons, with an IPv4 address at the end perhaps) is an
// IPv6 address (RFC 4291, 2.2).
bool is_ipv6(std::string_view text) {
  int groups = 0;
  int gaps = 0;
  std::size_t at = 0;
  if (text.starts_with(":") && !text.starts_with("::")) return false;
  while (at < text.size()) {
    if (text.substr(at, 2) == "::") {
      if (++gaps > 1) return false;
      at += 2;
      continue;
    }
    if (text[at] == ':') {
      if (groups == 0 || at + 1 == text.size()) return false;
      ++at;
    }
    const std::size_t begin = at;
    while (at < text.size() && is_hex(text[at])) ++at;
    if (at == begin || at - begin > 4) return false;
    ++groups;
  }
  return gaps == 1 ? groups <= 7 && groups >= 1 : groups == 8;
}

// IPv6 and MAC addresses: a stretch of hexadecimal digits and one of the marks.
void find_hex_groups(Scan& scan, std::size_t begin, char mark, std::size_t* searched) {
  const std::string_view text = scan.text();
  std::size_t end = begin;
  while (end < text.size() && (is_hex(text[end]) || text[end] == mark)) ++end;
  *searched = end;
  if (end < text.size() && is_word_byte(text[end])) return;
  std::string_view run = text.substr(begin, end - begin);
  while (!run.empty() && run.back() == mark && !run.ends_with("::")) run.remove_suffix(1);
  if (run.size() < 3 || run.size() > 39) return;
  const bool pairs = run.size() == 17 && [&] {
    for (std::size_t i = 0; i < 17; ++i) {
      if ((i % 3 == 2) != (run[i] == mark)) return false;
    }
    return true;
  }();
  const bool quads = run.size() == 14 && mark == '.' && run[4] == '.' && run[9] == '.' &&
                     std::count(run.begin(), run.end(), '.') == 2;
  if (pairs || quads) {
    scan.add(EntityKind::kMacAddress, Certainty::kChecked, begin, begin + run.size());
  } else if (mark == ':' && std::count(run.begin(), run.end(), ':') >= 2 && is_ipv6(run) &&
             run.size() > 3) {
    scan.add(EntityKind::kIpAddress, Certainty::kChecked, begin, begin + run.size());
  }
}

// scheme://user:password@host; `colon` is the token of the colon before the slashes.
void find_url_credentials(Scan& scan, std::size_t colon) {
  const std::string_view text = scan.text();
  const std::size_t begin = scan.token(colon).end + 2;
  const std::size_t stop = std::min(text.size(), begin + kUserInfoBytesMax);
  std::size_t at_sign = 0;
  bool password = false;
  for (std::size_t at = begin; at < stop; ++at) {
    const char c = text[at];
    if (c == '@') at_sign = at;
    if (c == ':') password |= at_sign == 0;
    if (c == '/' || c == '?' || c == '#' || c == '"' || static_cast<unsigned char>(c) <= ' ') break;
  }
  if (at_sign == 0 || !password) return;
  std::size_t end = at_sign + 1;
  while (end < text.size() && end - at_sign < kDomainBytesMax &&
         (is_word_byte(text[end]) ||
          std::string_view(".-:[]").find(text[end]) != std::string_view::npos)) {
    ++end;
  }
  while (end > at_sign + 1 && !is_word_byte(text[end - 1])) --end;
  const bool scheme = scan.is_word(colon - 1);
  scan.add(EntityKind::kUrlCredentials, Certainty::kCertain,
           scan.token(scheme ? colon - 1 : colon).begin, end);
}

}  // namespace

void detect_network(Scan& scan) {
  std::array<std::size_t, 3> searched{};  // up to where hexadecimal groups have been looked for
  constexpr std::string_view kMarks = ":-.";
  for (std::size_t i = 0; i < scan.count(); ++i) {
    const ScanToken& token = scan.token(i);
    const char c = scan.text()[token.begin];
    if (token.type == TokenType::kMark) {
      if (c == '@') find_email(scan, i);
      if (c == ':' && i > 0 && scan.byte(token.end) == '/' && scan.byte(token.end + 1) == '/') {
        find_url_credentials(scan, i);
      }
      if (c == '(' || c == '[' || c == '{') find_spelled_email(scan, i);
    } else if (token.type == TokenType::kDigits) {
      find_ipv4(scan, i);
    } else if (scan.length(i) == 2 && (c | 0x20) == 'a') {
      find_spelled_email(scan, i);
    }
    const bool starts = is_hex(c) || (c == ':' && scan.byte(token.end) == ':');
    if (!starts || (scan.joined(i) && scan.token(i - 1).type != TokenType::kMark)) continue;
    for (std::size_t mark = 0; mark < kMarks.size(); ++mark) {
      if (token.begin < searched[mark]) continue;
      find_hex_groups(scan, token.begin, kMarks[mark], &searched[mark]);
    }
  }
}

}  // namespace hearth
